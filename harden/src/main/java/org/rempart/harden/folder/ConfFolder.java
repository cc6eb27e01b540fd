/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.harden.folder;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.rempart.harden.plan.Configuration;
import org.rempart.harden.text.Draft;
import org.rempart.harden.text.UnreadableException;

/**
 * A configuration folder of James. What changes is copied into a folder {@code before-rempart} in it first, so that it can be
 * brought back byte for byte, also after a crash in the midst of writing.
 */
public final class ConfFolder {
    /** The folder that holds the files as they were. */
    public static final String BEFORE = "before-rempart";

    /** Where those go that were changed by somebody after us, when what was before is brought back. */
    public static final String LATER = "changed-after-rempart";

    private static final long LARGEST = 10_000_000;

    private final Path folder;

    private ConfFolder(Path folder) {
        this.folder = folder;
    }

    /**
     * A folder that is there.
     *
     * @throws UnreadableException when it isn't one
     */
    public static ConfFolder of(Path folder) throws UnreadableException {
        if (!Files.isDirectory(folder)) {
            throw new UnreadableException(
                    folder + ": there is no such folder; name the one with smtpserver.xml, conf/ of James");
        }
        if (!Files.exists(folder.resolve("smtpserver.xml")) && !Files.exists(folder.resolve("mailetcontainer.xml"))) {
            throw new UnreadableException(
                    folder
                            + ": neither smtpserver.xml nor mailetcontainer.xml is in it; name the folder with James's files, its conf/");
        }
        return new ConfFolder(folder);
    }

    /**
     * Reads James's files.
     *
     * @throws UnreadableException when one of them can't be read
     */
    public Configuration read() throws UnreadableException {
        Map<String, byte[]> files = new TreeMap<>();
        Path at = folder;
        try (Stream<Path> all = Files.list(folder)) {
            for (Path file : all.sorted().collect(Collectors.toList())) {
                String name = String.valueOf(file.getFileName());
                if (Files.isRegularFile(file) && (name.endsWith(".xml") || name.endsWith(".properties"))) {
                    at = file;
                    if (Files.size(file) > LARGEST) {
                        throw new UnreadableException(
                                name + ":1: this file is larger than 10 MB, which none of James's is");
                    }
                    files.put(name, Files.readAllBytes(file));
                }
            }
        } catch (IOException fault) {
            throw new UnreadableException(at + ": can't be read: " + fault);
        }
        return new Configuration(files);
    }

    /**
     * Writes what was drafted: all of it, or, when one file can't be written, nothing.
     *
     * @throws IOException when it could not be written; the message says that files are what they were before, or that undo is
     *     to be done
     */
    public void apply(List<Draft> drafts) throws IOException {
        Path before = folder.resolve(BEFORE);
        boolean first = !Files.exists(before);
        Files.createDirectories(before);
        Ledger ledger = Ledger.read(before);
        List<Draft> changing = drafts.stream().filter(Draft::changes).collect(Collectors.toList());
        List<Draft> replaced = new ArrayList<>();
        try {
            for (Draft draft : changing) {
                if (!ledger.knows(draft.name()) && !draft.isNew()) {
                    SafeFile.write(before.resolve(draft.name()), draft.before().bytes(), folder.resolve(draft.name()));
                }
                ledger.put(draft.name(), draft.isNew(), draft.after().bytes());
            }
            // Written before the files: what a crash leaves half done is known, and can be brought back.
            ledger.write();
            SafeFile.sync(folder);
            for (Draft draft : changing) {
                SafeFile.write(folder.resolve(draft.name()), draft.after().bytes(), folder.resolve(draft.name()));
                replaced.add(draft);
            }
        } catch (IOException fault) {
            takeBack(replaced, fault);
            if (first) {
                delete(before);
            }
            throw fault;
        }
    }

    private void takeBack(List<Draft> replaced, IOException fault) throws IOException {
        try {
            for (Draft draft : replaced) {
                Path file = folder.resolve(draft.name());
                if (draft.isNew()) {
                    Files.deleteIfExists(file);
                } else {
                    SafeFile.write(file, draft.before().bytes(), file);
                }
            }
        } catch (IOException again) {
            throw new IOException(fault + ", nor can what was written be taken back: harden --undo does that, when "
                    + again + " is mended");
        }
    }

    /**
     * Brings every file back to what it was before the first {@link #apply}. One that somebody has changed since is kept in
     * the folder {@code changed-after-rempart}.
     *
     * @return the names of the files that were brought back or taken out, in order
     * @throws UnreadableException when there is nothing to bring back
     * @throws IOException when it could not be written; it can be done again
     */
    public List<String> undo() throws UnreadableException, IOException {
        Path before = folder.resolve(BEFORE);
        if (!Files.isDirectory(before)) {
            throw new UnreadableException(
                    before + ": there is no such folder, so nothing to bring back; it is made by harden" + " --apply");
        }
        Ledger ledger = Ledger.read(before);
        for (String name : ledger.names()) {
            Path file = folder.resolve(name);
            Path old = before.resolve(name);
            if (Files.exists(file) && !ledger.isOurs(name, Files.readAllBytes(file)) && !isSame(file, old)) {
                Path later = Files.createDirectories(folder.resolve(LATER));
                SafeFile.write(later.resolve(name), Files.readAllBytes(file), file);
            }
            if (ledger.isNew(name)) {
                Files.deleteIfExists(file);
            } else {
                SafeFile.write(file, Files.readAllBytes(old), file);
            }
        }
        List<String> names = ledger.names();
        delete(before);
        SafeFile.sync(folder);
        return names;
    }

    private static boolean isSame(Path file, Path old) throws IOException {
        return Files.exists(old) && Arrays.equals(Files.readAllBytes(file), Files.readAllBytes(old));
    }

    private static void delete(Path before) throws IOException {
        try (Stream<Path> files = Files.list(before)) {
            for (Path file : files.collect(Collectors.toList())) {
                Files.delete(file);
            }
        }
        Files.delete(before);
    }
}
