/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.accounts;

import java.util.Optional;
import org.apache.james.core.Domain;
import org.apache.james.core.MailAddress;

/** Aliases that are kept somewhere else than in the database. */
@FunctionalInterface
public interface MoreAliases {
    /**
     * The account that an address is an alias of.
     *
     * @return empty when it is none
     * @throws IllegalStateException when that can't be found out
     */
    Optional<MailAddress> accountOf(String localPart, Domain domain);
}
