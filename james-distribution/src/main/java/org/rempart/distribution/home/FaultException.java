/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.home;

/** What keeps the server from starting, in words for the one who has to mend it: where, what is wrong, what is right. */
public final class FaultException extends Exception {
    private static final long serialVersionUID = 1L;

    public FaultException(String message) {
        super(message);
    }
}
