/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.limits;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.turbo.TurboFilter;
import ch.qos.logback.core.spi.FilterReply;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import javax.mail.internet.AddressException;
import javax.net.ssl.SSLException;
import org.slf4j.Marker;
import org.slf4j.helpers.MessageFormatter;

/**
 * What clients do wrong, an old TLS version, a reset connection, an address that is none, is no fault of the server: an MX on
 * the Internet sees it all day. Each is one line in the log, without the stack trace that James writes, and at most
 * {@value #A_MINUTE} of a kind in a minute.
 *
 * <pre>{@code
 * <turboFilter class="org.rempart.distribution.limits.ClientFaults"/>
 * }</pre>
 */
public final class ClientFaults extends TurboFilter {
    private static final int A_MINUTE = 10;
    private static final long MINUTE = Duration.ofMinutes(1).toNanos();
    private static final int KINDS = 1000;
    private static final int DEEPEST_CAUSE = 20;

    /** Whose log lines are about clients. */
    private static final List<String> LISTENERS = List.of(
            "org.apache.james.protocols.",
            "org.apache.james.smtpserver.",
            "org.apache.james.imapserver.",
            "org.apache.james.imap.",
            "io.netty.");

    private final LongSupplier nanoTime;

    /** By logger and kind of fault, how many there were in its minute; guarded by itself. */
    private final Map<String, Count> counts = new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Count> eldest) {
            return size() > KINDS;
        }
    };

    private static final class Count {
        private long begin;
        private int lines;
    }

    public ClientFaults() {
        this(System::nanoTime);
    }

    ClientFaults(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    @Override
    public FilterReply decide(
            Marker marker, Logger logger, Level level, String format, Object[] arguments, Throwable thrown) {
        Throwable failure = thrown != null ? thrown : last(arguments);
        if (failure == null
                || format == null
                || !isOfAListener(logger)
                || !level.isGreaterOrEqual(logger.getEffectiveLevel())) {
            return FilterReply.NEUTRAL;
        }
        Throwable fault = fault(failure);
        if (fault == null) {
            return FilterReply.NEUTRAL;
        }
        int left = count(logger.getName() + ' ' + fault.getClass().getName());
        if (left >= 0) {
            String more = left == 0 ? "" : " (and " + left + " like it in the minute before)";
            logger.log(
                    marker,
                    ClientFaults.class.getName(),
                    Level.toLocationAwareLoggerInteger(level),
                    MessageFormatter.arrayFormat(format, arguments).getMessage() + ": " + fault + more,
                    null,
                    null);
        }
        return FilterReply.DENY;
    }

    private static boolean isOfAListener(Logger logger) {
        return LISTENERS.stream().anyMatch(logger.getName()::startsWith);
    }

    private static Throwable last(Object[] arguments) {
        Object last = arguments == null || arguments.length == 0 ? null : arguments[arguments.length - 1];
        return last instanceof Throwable thrown ? thrown : null;
    }

    /** What of it a client has done; null when nothing. */
    private static Throwable fault(Throwable failure) {
        Throwable cause = failure;
        for (int i = 0; cause != null && i < DEEPEST_CAUSE; i++) {
            if (cause instanceof SSLException || cause instanceof AddressException || isHangUp(cause)) {
                return cause;
            }
            cause = cause.getCause();
        }
        return null;
    }

    private static boolean isHangUp(Throwable failure) {
        String message = String.valueOf(failure.getMessage());
        return failure instanceof ClosedChannelException
                || (failure instanceof IOException
                        && (message.contains("Connection reset")
                                || message.contains("Broken pipe")
                                || message.contains("Connection timed out")));
    }

    /**
     * Counts a line of this kind.
     *
     * @return how many were not written in the minute before; negative when this one is not to be written
     */
    private int count(String kind) {
        long now = nanoTime.getAsLong();
        synchronized (counts) {
            Count count = counts.computeIfAbsent(kind, unseen -> new Count());
            if (count.lines == 0 || now - count.begin >= MINUTE) {
                int left = Math.max(0, count.lines - A_MINUTE);
                count.begin = now;
                count.lines = 1;
                return left;
            }
            count.lines++;
            return count.lines <= A_MINUTE ? 0 : -1;
        }
    }
}
