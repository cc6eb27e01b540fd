/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery.delay;

/** The index of delayed mail does not answer. The mail itself is where it was. */
public final class IndexAwayException extends Exception {
    private static final long serialVersionUID = 1L;

    public IndexAwayException(Throwable cause) {
        super(cause.toString(), cause);
    }
}
