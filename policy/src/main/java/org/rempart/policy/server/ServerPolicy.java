/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.server;

import java.io.IOException;
import java.util.Objects;
import java.util.Optional;
import javax.inject.Inject;
import javax.inject.Singleton;
import org.apache.james.filesystem.api.FileSystem;
import org.rempart.policy.PolicyException;
import org.rempart.policy.file.Policy;
import org.rempart.policy.file.PolicyFile;

/**
 * The policy of a server, read once, whatever asks for it: hooks, matchers, mailets, IMAP. James's injector makes one of
 * these for a server, in which all of them share it; a part that may name a file in its own configuration asks by {@link
 * #asked}.
 */
@Singleton
public final class ServerPolicy {
    private final FileSystem files;

    /** Guarded by this; null until somebody has asked. */
    private Policy policy;

    private String url;
    private String firstAsker;

    @Inject
    public ServerPolicy(FileSystem files) {
        this.files = Objects.requireNonNull(files);
    }

    /** Where the server's files are. */
    public FileSystem files() {
        return files;
    }

    /**
     * The policy, read where nobody has asked before. Without a name it is that of {@link PolicyFile#DEFAULT_URL}, or the
     * safe defaults where there is no such file.
     *
     * @param named the URL of the file that the asker's configuration names, as James names files; empty for none
     * @param asker who asks, for the message: {@code RelayHook in smtpserver.xml}
     * @throws PolicyException when the file has a fault
     * @throws IOException when it can't be read, when one that was named is not there, and when somebody before has asked
     *     for that of another file: a server has one policy
     */
    public synchronized Policy asked(Optional<String> named, String asker) throws PolicyException, IOException {
        String wanted = named.orElse(PolicyFile.DEFAULT_URL);
        if (policy == null) {
            policy = named.isPresent()
                    ? PolicyFile.readNamed(wanted, files::getResource)
                    : PolicyFile.read(wanted, files::getResource);
            url = wanted;
            firstAsker = asker;
        } else if (!isSameFile(wanted, url)) {
            throw new IOException(
                    "a server has one policy, but " + firstAsker + " has that of " + url + ", and " + asker
                            + " that of " + wanted + (named.isPresent() ? "" : ", since it names none")
                            + "; name the same file in both, or none in either");
        }
        return policy;
    }

    private boolean isSameFile(String one, String other) {
        if (one.equals(other)) {
            return true;
        }
        try {
            return files.getFile(one)
                    .getCanonicalFile()
                    .equals(files.getFile(other).getCanonicalFile());
        } catch (IOException notOnDisk) {
            return false;
        }
    }
}
