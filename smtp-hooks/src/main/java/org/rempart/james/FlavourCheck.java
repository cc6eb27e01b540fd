/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.james;

import com.google.inject.Binder;
import com.google.inject.Module;
import org.apache.mailet.Mail;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks whether this jar is the one for the James that it was dropped into. James 3.8 knows mail as {@code javax.mail},
 * James 3.9 as {@code jakarta.mail}; a class of the wrong one fails with a {@code NoClassDefFoundError} that tells nobody
 * what to do. In {@code conf/extensions.properties}, so that James loads it before any handler, matcher or mailet:
 *
 * <pre>{@code
 * guice.extension.module=org.rempart.james.FlavourCheck
 * }</pre>
 *
 * From then on, what of ours keeps James from starting is repeated as the last line that it prints.
 *
 * <p>It binds nothing. It can be loaded in either James, so it must not touch a class that differs.
 */
public final class FlavourCheck implements Module {
    private static final Logger LOGGER = LoggerFactory.getLogger(FlavourCheck.class);

    /** What a mail holds. The jar for James 3.9 is made by moving the packages that are named here, in texts too. */
    private static final String MESSAGE = "javax.mail.internet.MimeMessage";

    /**
     * Looks.
     *
     * @throws IllegalStateException when the jar is for another James; its message, which is logged too, says which jar is
     *     right
     */
    @Override
    public void configure(Binder binder) {
        StartFault.tellLast();
        check(messageOfThisJames(), MESSAGE);
    }

    /** The same, of the class of a message that James knows, and of the one that the jar is made for. */
    static void check(String messageOfJames, String messageOfJar) {
        String james = version(messageOfJames);
        String jar = version(messageOfJar);
        if (!james.equals(jar)) {
            String fault = "The jar of Rempart in extensions-jars/ is for James " + jar + ", and this is James " + james
                    + ": put rempart-james-" + james + "-*.jar there in its place";
            LOGGER.error(fault);
            throw new IllegalStateException(fault);
        }
    }

    private static String messageOfThisJames() {
        try {
            return Mail.class.getMethod("getMessage").getReturnType().getName();
        } catch (NoSuchMethodException neither) {
            throw new IllegalStateException("This is no James that Rempart knows", neither);
        }
    }

    private static String version(String message) {
        return message.startsWith("javax.") ? "3.8" : "3.9";
    }
}
