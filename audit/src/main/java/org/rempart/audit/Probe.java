/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit;

import java.io.IOException;
import java.util.Set;
import org.rempart.audit.net.Budget;

/** Looks at something of the audited server, and says what it found. */
public interface Probe {
    /** What it is at, for the progress: "the relay". */
    String name();

    /** The ids of the checks that it gives verdicts on. */
    Set<String> checks();

    /**
     * Looks.
     *
     * @throws IOException if it can't go on; what it has not given a verdict on is not testable then, with this reason
     */
    void run(Plan plan, Budget budget, Findings findings) throws IOException;
}
