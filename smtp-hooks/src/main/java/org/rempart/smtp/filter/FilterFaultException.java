/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp.filter;

import java.io.IOException;

/** A filter says what it may not, or what makes no sense; the message completes "the filter does not answer: ". */
final class FilterFaultException extends IOException {
    private static final long serialVersionUID = 1L;

    FilterFaultException(String message) {
        super(message);
    }
}
