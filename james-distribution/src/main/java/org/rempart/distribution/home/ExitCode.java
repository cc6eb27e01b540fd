/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.home;

/** Exit codes of the server and of its commands. */
public final class ExitCode {
    /** The configuration keeps the server from starting (EX_CONFIG of sysexits.h). */
    public static final int CONFIGURATION_FAULT = 78;

    /** Something else does, or a command failed. */
    public static final int FAILURE = 1;

    private ExitCode() {}
}
