/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it.contract;

import java.util.Arrays;
import java.util.Locale;

/** How the server under test is deployed. The contract is the same for all of them. */
public enum Way {
    /** The packaged server, unpacked from its archive. */
    ARCHIVE,
    /** A stock James 3.8.1 with the bundle in its {@code extensions-jars/}, hardened by the bundle's command. */
    DROP_IN,
    /** The container image of the packaged server. */
    CONTAINER;

    /** The one that the system property {@code rempart.it.way} names; without it, the archive. */
    public static Way current() {
        String name = System.getProperty("rempart.it.way", ARCHIVE.label());
        return Arrays.stream(values())
                .filter(way -> way.label().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(
                        "rempart.it.way is " + name + ", and neither archive nor drop-in nor container"));
    }

    /** Its name in the property, in folders and in the table. */
    public String label() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
