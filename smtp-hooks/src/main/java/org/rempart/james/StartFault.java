/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.james;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.turbo.TurboFilter;
import ch.qos.logback.core.spi.FilterReply;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.ILoggerFactory;
import org.slf4j.LoggerFactory;
import org.slf4j.Marker;

/**
 * Repeats, as the last line that a James prints which does not start, what of ours kept it from starting. James prints its
 * stack after the sentence that says what to mend, some two hundred lines.
 */
final class StartFault {
    private static final org.slf4j.Logger LOGGER = LoggerFactory.getLogger(StartFault.class);
    private static final String OURS = "org.rempart.";
    private static final AtomicBoolean INSTALLED = new AtomicBoolean();

    private final Thread starter;
    private volatile String fault;

    private StartFault(Thread starter) {
        this.starter = starter;
    }

    /** Looks at what this process logs and ends with, as long as the thread that starts James lives; the caller is it. */
    static void tellLast() {
        if (!INSTALLED.compareAndSet(false, true)) {
            return;
        }
        StartFault last = new StartFault(Thread.currentThread());
        try {
            Filter.of(last);
        } catch (LinkageError anotherLog) {
            // James logs with Logback; where somebody has put in another, what ends the starting thread is told alone.
            LOGGER.debug("The log is not Logback", anotherLog);
        }
        Thread.UncaughtExceptionHandler before = last.starter.getUncaughtExceptionHandler();
        last.starter.setUncaughtExceptionHandler((thread, failure) -> {
            last.note(failure);
            before.uncaughtException(thread, failure);
        });
        Runtime.getRuntime().addShutdownHook(new Thread(last::print, "rempart-start-fault"));
    }

    private void note(Throwable failure) {
        if (fault == null && starter.isAlive()) {
            ofOurs(failure).ifPresent(message -> fault = message);
        }
    }

    /** The log has ended by then. */
    private void print() {
        if (fault != null) {
            PrintStream err = new PrintStream(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8);
            err.println("James does not start: " + fault);
        }
    }

    /** The message of the first among a failure and its causes that a class of ours has thrown. */
    static Optional<String> ofOurs(Throwable failure) {
        Throwable cause = failure;
        for (int depth = 0; cause != null && depth < 50; depth++) {
            StackTraceElement[] stack = cause.getStackTrace();
            if (stack.length > 0 && stack[0].getClassName().startsWith(OURS) && cause.getMessage() != null) {
                return Optional.of(cause.getMessage());
            }
            cause = cause.getCause();
        }
        return Optional.empty();
    }

    private static final class Filter extends TurboFilter {
        private final StartFault last;

        private Filter(StartFault last) {
            this.last = last;
        }

        static void of(StartFault last) {
            ILoggerFactory loggers = LoggerFactory.getILoggerFactory();
            if (loggers instanceof LoggerContext) {
                ((LoggerContext) loggers).addTurboFilter(new Filter(last));
            }
        }

        @Override
        public FilterReply decide(
                Marker marker, Logger logger, Level level, String format, Object[] parameters, Throwable failure) {
            if (failure != null && level.isGreaterOrEqual(Level.WARN)) {
                last.note(failure);
            }
            return FilterReply.NEUTRAL;
        }
    }
}
