/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.net;

import java.io.IOException;

/** The time or the number of connections that the user allows is used up. */
public final class BudgetSpentException extends IOException {
    private static final long serialVersionUID = 1;

    public BudgetSpentException(String message) {
        super(message);
    }
}
