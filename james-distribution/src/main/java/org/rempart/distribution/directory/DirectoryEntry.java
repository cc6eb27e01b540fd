/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.directory;

import java.util.List;
import java.util.Set;
import org.apache.james.core.Username;

/**
 * An account in the directory.
 *
 * @param dn its distinguished name
 * @param name its own mail address, which is its name in the server
 * @param logins the values of the attributes by which people log in, in lower case, in the order of the attributes
 * @param addresses its further addresses, in lower case
 */
record DirectoryEntry(String dn, Username name, List<Set<String>> logins, Set<String> addresses) {
    private static final int NONE = Integer.MAX_VALUE;

    /** How well the entry fits a name that somebody logs in with: the place of the attribute that holds it. */
    int rankOfLogin(String login) {
        for (int rank = 0; rank < logins.size(); rank++) {
            if (logins.get(rank).contains(login)) {
                return rank;
            }
        }
        return NONE;
    }

    /** How well the entry fits an address: its own one, or one of the others. */
    int rankOfAddress(String address) {
        if (name.asString().equals(address)) {
            return 0;
        }
        return addresses.contains(address) ? 1 : NONE;
    }

    /** Whether a rank says that the entry does not fit at all. */
    static boolean fits(int rank) {
        return rank != NONE;
    }
}
