/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import java.util.Set;
import org.apache.commons.configuration2.Configuration;
import org.apache.commons.configuration2.ex.ConfigurationException;
import org.apache.james.smtpserver.fastfail.MaxRcptHandler;

/**
 * Takes no more than so many recipients for a message, {@value #DEFAULT} where nothing else is said; more are answered
 * {@code 452 4.5.3} (RFC 5321, section 4.5.3.1.10), and a client sends the message to the first of them, and then to the
 * rest. One of {@link MxHandlers} and {@link SubmissionHandlers}. For a lower limit, write it before them:
 *
 * <pre>{@code
 * <handlerchain coreHandlersPackage="org.rempart.smtp.MxHandlers">
 *   <handler class="org.rempart.smtp.RecipientLimitHook">
 *     <maxRcpt>100</maxRcpt>
 *   </handler>
 * </handlerchain>
 * }</pre>
 */
public final class RecipientLimitHook extends MaxRcptHandler implements ListenerHook {
    private static final String MOST = "maxRcpt";
    private static final int DEFAULT = 1000;
    /** What each server takes (RFC 5321, section 4.5.3.1.8). */
    private static final int LEAST = 100;

    @Override
    public void init(Configuration config) throws ConfigurationException {
        HandlerParameters.refuseUnknown(this, config, Set.of(MOST));
        String written = config.getString(MOST, String.valueOf(DEFAULT));
        int most;
        try {
            most = Integer.parseInt(written.trim());
        } catch (NumberFormatException notANumber) {
            most = 0;
        }
        if (most < LEAST || most > DEFAULT) {
            throw new ConfigurationException("RecipientLimitHook: <" + MOST + ">" + written + "</" + MOST
                    + "> is no number of recipients; write one from " + LEAST + " (RFC 5321) to " + DEFAULT);
        }
        setMaxRcpt(most);
    }
}
