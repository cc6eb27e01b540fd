/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit;

/** How much harm a check prevents; the order is that of {@code --fail-on}. */
public enum Severity {
    LOW(1),
    MEDIUM(3),
    HIGH(8),
    CRITICAL(20);

    private final int weight;

    Severity(int weight) {
        this.weight = weight;
    }

    /** How much a check of this severity counts in a score. */
    public int weight() {
        return weight;
    }
}
