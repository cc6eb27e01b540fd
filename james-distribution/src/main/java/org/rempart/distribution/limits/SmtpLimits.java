/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.limits;

import java.time.Duration;
import org.apache.commons.configuration2.HierarchicalConfiguration;
import org.apache.commons.configuration2.ex.ConfigurationException;
import org.apache.commons.configuration2.tree.ImmutableNode;

/**
 * How long an SMTP client may take, and how often it may err, as its listener's configuration states it.
 *
 * @param idle how long it may say nothing ({@code connectiontimeout}); RFC 5321, section 4.5.3.2.7 asks for five minutes
 * @param command how long a line may take from its first byte to its last ({@code commandDeadline})
 * @param dataGrace how long a message may come as slowly as it likes ({@code dataGrace}); RFC 5321, section 4.5.3.2.5
 *     gives a sender three minutes for a block
 * @param dataRate how many bytes a second it has to come with after that ({@code dataRate})
 * @param errors how many commands may fail between two messages ({@code errorLimit})
 * @param commands how many commands there may be between two messages ({@code commandLimit})
 * @param messageSize how many bytes a message may have; 0 for any number
 */
public record SmtpLimits(
        Duration idle,
        Duration command,
        Duration dataGrace,
        long dataRate,
        int errors,
        int commands,
        long messageSize) {

    /**
     * Reads them.
     *
     * @throws ConfigurationException when one is not a number above zero
     */
    public static SmtpLimits of(HierarchicalConfiguration<ImmutableNode> config, long messageSize)
            throws ConfigurationException {
        return new SmtpLimits(
                Duration.ofSeconds(number(config, "connectiontimeout", 300)),
                Duration.ofSeconds(number(config, "commandDeadline", 60)),
                Duration.ofSeconds(number(config, "dataGrace", 180)),
                number(config, "dataRate", 1024),
                number(config, "errorLimit", 20),
                number(config, "commandLimit", 3000),
                messageSize);
    }

    /**
     * A number above zero.
     *
     * @throws ConfigurationException when it is something else
     */
    public static int number(HierarchicalConfiguration<ImmutableNode> config, String name, int standard)
            throws ConfigurationException {
        String text = config.getString(name, String.valueOf(standard)).trim();
        if (!text.matches("[1-9]\\d{0,8}")) {
            throw new ConfigurationException("<" + name + ">" + text + "</" + name + "> of the listener "
                    + config.getString("jmxName", "?") + " is not a number above zero; write " + standard);
        }
        return Integer.parseInt(text);
    }
}
