/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.ledger;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.util.function.LongSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.james.core.Username;
import org.apache.james.filesystem.api.FileSystem;
import org.rempart.policy.trail.AuditEvent;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What an administrator wants of a ledger, where the server has no interface of ours for it: small files that the command
 * {@code accounts} of the jar writes, each with one line, {@code release ACCOUNT} or {@code hold ACCOUNT REASON}. A file is
 * deleted when its order is carried out. Orders for a server that is down are carried out when it starts.
 */
public final class Orders {
    static final String FOLDER = "orders";

    private static final Logger LOGGER = LoggerFactory.getLogger(Orders.class);
    private static final long BETWEEN_LOOKS = Duration.ofSeconds(1).toNanos();
    private static final int LONGEST = 1000;
    private static final Pattern ORDER = Pattern.compile("(hold|release) (\\S+)(?: (\\P{Cntrl}*))?\\n?");

    private final Path folder;
    private final LongSupplier nanoTime;
    private long looked;

    /** What is done for an order; a ledger that says nothing of holds does nothing for one. */
    @FunctionalInterface
    public interface Ledger {
        void release(Username account);

        default void hold(Username account, String reason) {}
    }

    private Orders(Path folder, LongSupplier nanoTime) {
        this.folder = folder;
        this.nanoTime = nanoTime;
        this.looked = nanoTime.getAsLong() - BETWEEN_LOOKS;
    }

    /**
     * The orders of one ledger.
     *
     * @param ledger the name of their folder
     * @throws UncheckedIOException when it can't be made
     */
    public static Orders in(FileSystem files, String ledger, LongSupplier nanoTime) {
        Path folder = StateFile.in(files, FOLDER).path().resolve(ledger);
        try {
            Files.createDirectories(folder);
        } catch (IOException unwritable) {
            throw new UncheckedIOException(
                    new IOException(folder + " can't be made (" + unwritable + "); let the server's user own var/"));
        }
        return new Orders(folder, nanoTime);
    }

    /** Does as {@link #carryOut(Ledger)} does, and tells of it in the trail. */
    public void carryOut(SubmissionLedger ledger) {
        carryOut(new Ledger() {
            @Override
            public void hold(Username account, String reason) {
                if (ledger.hold(Hold.of(account, Instant.now(), reason, 0, 0))) {
                    told("held", account).with("reason", reason).log();
                }
            }

            @Override
            public void release(Username account) {
                if (ledger.release(account)) {
                    told("released", account).log();
                }
            }
        });
    }

    private static AuditEvent told(String event, Username account) {
        LOGGER.warn("{} is {} by an administrator", account.asString(), event);
        return AuditEvent.now(event).with("account", account.asString());
    }

    /** Carries out what was ordered since; looks once a second at most. What can't be carried out now stays. */
    public synchronized void carryOut(Ledger ledger) {
        long now = nanoTime.getAsLong();
        if (now - looked < BETWEEN_LOOKS) {
            return;
        }
        looked = now;
        try (DirectoryStream<Path> orders = Files.newDirectoryStream(folder, "*.order")) {
            for (Path order : orders) {
                carryOut(order, ledger);
            }
        } catch (IOException unreadable) {
            LOGGER.error("Orders in {} can't be read", folder, unreadable);
        }
    }

    private static void carryOut(Path file, Ledger ledger) throws IOException {
        String text = Files.size(file) > LONGEST ? "" : new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
        Matcher order = ORDER.matcher(text);
        try {
            if (!order.matches()) {
                throw new IllegalArgumentException("it is neither \"release ACCOUNT\" nor \"hold ACCOUNT REASON\"");
            }
            Username account = Username.of(order.group(2));
            if (order.group(1).equals("release")) {
                ledger.release(account);
            } else {
                ledger.hold(account, order.group(3) == null ? "administrator" : "administrator: " + order.group(3));
            }
            Files.delete(file);
        } catch (IllegalArgumentException none) {
            LOGGER.error("{} is no order: {}", file, none.getMessage());
            Files.move(
                    file, file.resolveSibling(file.getFileName() + ".unreadable"), StandardCopyOption.REPLACE_EXISTING);
        }
    }
}
