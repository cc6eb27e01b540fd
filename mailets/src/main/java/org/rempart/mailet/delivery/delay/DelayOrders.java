/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery.delay;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.mail.MessagingException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What an administrator wants of delayed mail: small files that the command {@code queue} of the jar writes, each with one
 * line, {@code hold KEY}, {@code release KEY}, {@code flush KEY} or {@code delete KEY}; {@code *} stands for all keys. A file
 * is deleted when its order is carried out. It is the same on which server it lies.
 */
final class DelayOrders {
    private static final Logger LOGGER = LoggerFactory.getLogger(DelayOrders.class);
    private static final int LONGEST = 1000;
    private static final Pattern ORDER = Pattern.compile("(hold|release|flush|delete) (\\S+)\\n?");

    private final Path folder;

    /** @param folder is made where it is not there yet */
    DelayOrders(Path folder) throws IOException {
        this.folder = Files.createDirectories(folder);
    }

    /** Carries out what was ordered since. */
    void carryOut(DelayedMails mails) {
        try (DirectoryStream<Path> orders = Files.newDirectoryStream(folder, "*.order")) {
            for (Path order : orders) {
                try {
                    carryOut(order, mails);
                } catch (IndexAwayException | MessagingException | RuntimeException later) {
                    LOGGER.warn("The order {} waits: {}", order, later.toString());
                }
            }
        } catch (IOException unreadable) {
            LOGGER.error("Orders in {} can't be read", folder, unreadable);
        }
    }

    private static void carryOut(Path file, DelayedMails mails)
            throws IOException, IndexAwayException, MessagingException {
        String text = Files.size(file) > LONGEST ? "" : new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
        Matcher order = ORDER.matcher(text);
        boolean done = order.matches()
                && mails.change(DelayedMails.Change.valueOf(order.group(1).toUpperCase(Locale.ROOT)), order.group(2));
        if (done) {
            Files.delete(file);
        } else {
            LOGGER.error("{} is no order, or of no mail that waits", file);
            Files.move(file, file.resolveSibling(file.getFileName() + ".refused"), StandardCopyOption.REPLACE_EXISTING);
        }
    }
}
