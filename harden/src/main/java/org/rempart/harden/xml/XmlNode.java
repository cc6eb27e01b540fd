/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.harden.xml;

/** An element or a comment, and where it stands: from {@code start} to before {@code end}. */
public class XmlNode {
    private final int start;
    private int end;

    XmlNode(int start, int end) {
        this.start = start;
        this.end = end;
    }

    public int start() {
        return start;
    }

    public int end() {
        return end;
    }

    void endsAt(int position) {
        end = position;
    }
}
