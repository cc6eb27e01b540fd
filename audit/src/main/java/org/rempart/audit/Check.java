/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit;

import java.util.Map;

/**
 * One thing that is looked at.
 *
 * @param id its name, for reports, baselines and {@code explain}; never reused for something else
 * @param line the line of the check list that it belongs to, like {@code R1}
 * @param severity how much harm it prevents
 * @param title what is right, as a statement
 * @param why what happens where it is not so
 * @param source the standards that ask for it
 * @param needs what the user has to give so that it is tested; empty if nothing
 * @param fixes by product, what to change: text to paste, or a step
 */
public record Check(
        String id,
        String line,
        Severity severity,
        String title,
        String why,
        String source,
        String needs,
        Map<String, String> fixes) {

    public Check {
        fixes = java.util.Collections.unmodifiableMap(new java.util.LinkedHashMap<>(fixes));
    }

    public Area area() {
        return Area.ofLine(line);
    }
}
