/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.probe;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.rempart.audit.Findings;
import org.rempart.audit.ListenerProbe;
import org.rempart.audit.Plan;
import org.rempart.audit.net.Budget;
import org.rempart.audit.net.BudgetSpentException;
import org.rempart.audit.net.Dialogue;
import org.rempart.audit.net.Listener;
import org.rempart.audit.net.RateLimitedException;
import org.rempart.audit.net.Service;
import org.rempart.audit.net.Smtp;

/** What one client may take: a line without an end, connections at the same time. Only when asked for: it is felt. */
final class LimitsProbe extends ListenerProbe {
    private static final String LINE = "limits.line";
    private static final String CONNECTIONS = "limits.connections";
    private static final int LINE_BYTES = 1 << 20;
    private static final int CHUNK = 64 * 1024;
    private static final int MANY = 60;

    private final java.util.function.Function<Budget, Budget> wide;

    /** With a budget that allows many connections at the same time. */
    LimitsProbe(java.util.function.Function<Budget, Budget> wide) {
        this.wide = wide;
    }

    @Override
    public String name() {
        return "limits";
    }

    @Override
    public Set<String> checks() {
        return Set.of(LINE, CONNECTIONS);
    }

    @Override
    protected boolean concerns(Listener listener) {
        return listener.service() == Service.SMTP || listener.service() == Service.IMAP;
    }

    @Override
    protected boolean parallel() {
        return false;
    }

    @Override
    protected Set<String> expected(Plan plan, Listener listener) {
        return plan.limits() ? checks() : Set.of();
    }

    @Override
    protected void run(Plan plan, Listener listener, Budget budget, Findings findings) throws IOException {
        if (!plan.limits()) {
            return;
        }
        line(listener, budget, findings);
        connections(listener, budget, findings);
    }

    private static void line(Listener listener, Budget budget, Findings findings) throws IOException {
        String subject = listener.toString();
        byte[] chunk = new byte[CHUNK];
        Arrays.fill(chunk, (byte) 'A');
        int sent = 0;
        try (Dialogue dialogue = Dialogue.open(listener, budget)) {
            try {
                for (; sent < LINE_BYTES; sent += CHUNK) {
                    dialogue.wire().write(chunk);
                    if (dialogue.wire().moreWithin(java.time.Duration.ofMillis(5))) {
                        break;
                    }
                }
                if (sent < LINE_BYTES || dialogue.wire().moreWithin(java.time.Duration.ofMillis(700))) {
                    findings.pass(LINE, subject, "a line without an end is answered after " + sent + " bytes");
                    return;
                }
                dialogue.wire().write("\r\n".getBytes(StandardCharsets.US_ASCII));
                if (dialogue instanceof Smtp smtp) {
                    smtp.reply();
                }
            } catch (IOException e) {
                if (e instanceof RateLimitedException || e instanceof BudgetSpentException) {
                    throw e;
                }
                findings.pass(LINE, subject, "a line without an end ends the connection");
                return;
            }
            findings.warn(LINE, subject, "a line of " + sent + " bytes is taken", List.of());
        }
    }

    private void connections(Listener listener, Budget budget, Findings findings) throws IOException {
        Budget many = wide.apply(budget);
        String subject = listener.toString();
        List<Dialogue> open = new java.util.ArrayList<>();
        try {
            for (int i = 0; i < MANY; i++) {
                open.add(Dialogue.openOnce(listener, many));
            }
            findings.warn(
                    CONNECTIONS, subject, MANY + " connections of one client are held at the same time", List.of());
        } catch (BudgetSpentException e) {
            findings.notTestable(CONNECTIONS, subject, e.getMessage());
        } catch (IOException e) {
            findings.pass(
                    CONNECTIONS,
                    subject,
                    "after " + open.size() + " connections: " + org.rempart.audit.Audit.reason(e));
        } finally {
            open.forEach(Dialogue::close);
        }
    }
}
