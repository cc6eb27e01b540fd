/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit;

/**
 * An account of the audited server that the user lends.
 *
 * @param name what logs in, usually the address
 * @param password never shown, and no part of {@link #toString()}
 */
public record Account(String name, String password) {
    @Override
    public String toString() {
        return name;
    }
}
