/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.cli;

import java.io.PrintWriter;
import org.rempart.audit.Finding;
import org.rempart.audit.Verdict;

/** What is going on, for who waits. */
final class Progress {
    private final PrintWriter out;
    private final boolean moving;
    private int problems;
    private String current = "";

    Progress(PrintWriter out, boolean moving) {
        this.out = out;
        this.moving = moving;
    }

    synchronized void begun(String name) {
        current = name;
        show();
    }

    synchronized void found(Finding finding) {
        if (finding.verdict() == Verdict.FAIL) {
            problems++;
            show();
        }
    }

    private void show() {
        if (moving) {
            out.print("\r\u001b[K" + current + " … " + (problems == 0 ? "" : problems + " failures so far"));
            out.flush();
        }
    }

    synchronized void end() {
        if (moving) {
            out.print("\r\u001b[K");
            out.flush();
        }
    }
}
