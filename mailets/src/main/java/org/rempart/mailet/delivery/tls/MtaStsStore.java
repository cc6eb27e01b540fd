/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.delivery.tls;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps policies over restarts: a file for each domain, with the policy and where it comes from, put in place in one step.
 * What can't be read or written costs a fetch, nothing else; the log tells.
 */
final class MtaStsStore {
    private static final Logger LOGGER = LoggerFactory.getLogger(MtaStsStore.class);
    private static final String SUFFIX = ".policy";

    /** Names that are safe as names of files, everywhere; a domain with another one is kept in memory only. */
    private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9._-]{0,200}");

    private static final Pattern FIELDS =
            Pattern.compile("domain: (\\S+)\nid: ([A-Za-z0-9]+)\nfetched: (\\S+)\n", Pattern.DOTALL);

    private final Path folder;

    /** @throws IOException when the folder can't be made */
    MtaStsStore(Path folder) throws IOException {
        this.folder = Files.createDirectories(folder);
    }

    /** What the files hold. */
    List<MtaStsEntry> load() {
        List<MtaStsEntry> entries = new ArrayList<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "*" + SUFFIX)) {
            for (Path file : files) {
                read(file).ifPresent(entries::add);
            }
        } catch (IOException unread) {
            LOGGER.warn("The MTA-STS policies in {} can't be read; they are fetched again", folder, unread);
        }
        return entries;
    }

    private static Optional<MtaStsEntry> read(Path file) {
        try {
            byte[] bytes = Files.readAllBytes(file);
            String text = new String(bytes, StandardCharsets.UTF_8);
            Matcher fields = FIELDS.matcher(text);
            if (!fields.lookingAt() || !file.getFileName().toString().equals(fields.group(1) + SUFFIX)) {
                throw new MtaStsException("it does not say whose policy it is");
            }
            MtaStsPolicy policy =
                    MtaStsPolicy.parse(text.substring(fields.end()).getBytes(StandardCharsets.UTF_8));
            return Optional.of(
                    MtaStsEntry.policy(fields.group(1), fields.group(2), policy, Instant.parse(fields.group(3))));
        } catch (IOException | MtaStsException | DateTimeException unread) {
            LOGGER.warn("{} is no MTA-STS policy and is left aside ({})", file, unread.getMessage());
            return Optional.empty();
        }
    }

    void save(MtaStsEntry entry) {
        if (entry.policy().isEmpty() || !NAME.matcher(entry.domain()).matches()) {
            return;
        }
        String text = "domain: " + entry.domain() + "\nid: " + entry.id() + "\nfetched: " + entry.fetched() + '\n'
                + entry.policy().get().toFile();
        Path file = file(entry.domain());
        try {
            Path part = Files.createTempFile(folder, "new-", ".part");
            try {
                Files.write(part, text.getBytes(StandardCharsets.UTF_8));
                Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            } finally {
                Files.deleteIfExists(part);
            }
        } catch (IOException unwritten) {
            LOGGER.warn("The MTA-STS policy of {} can't be kept over a restart", entry.domain(), unwritten);
        }
    }

    void delete(String domain) {
        if (NAME.matcher(domain).matches()) {
            try {
                Files.deleteIfExists(file(domain));
            } catch (IOException undeleted) {
                LOGGER.warn("The MTA-STS policy of {}, which has expired, can't be deleted", domain, undeleted);
            }
        }
    }

    private Path file(String domain) {
        return folder.resolve(domain + SUFFIX);
    }
}
