/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery;

/** Lets a server do so much, and nothing after it, as a kill does. */
final class Kill {
    static final Kill NEVER = new Kill(Integer.MAX_VALUE);

    private int left;

    /** @param steps before and after each thing that it does for good */
    Kill(int steps) {
        left = steps;
    }

    /** Does something for good, unless the server is dead. */
    void around(Runnable effect) {
        step();
        effect.run();
        step();
    }

    boolean hasHappened() {
        return left < 0;
    }

    private synchronized void step() {
        if (this != NEVER && --left < 0) {
            left = -1;
            throw new Killed();
        }
    }

    private static final class Killed extends Error {
        private static final long serialVersionUID = 1L;
    }
}
