/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.ledger;

import java.io.File;
import java.io.IOException;
import java.util.Optional;
import org.apache.james.filesystem.api.FileSystem;
import org.rempart.policy.KeyFile;

/**
 * The secrets of a server: each in a {@link KeyFile}, which the first start writes. The servers of a cluster agree on each by
 * the store that they share: the first one puts its own there, and a server that has none yet writes down what it finds. A
 * server that has another one does not start.
 */
public final class Keys {
    private Keys() {}

    /**
     * A key.
     *
     * @param url of its file
     * @param what whose key it is, for the message: {@code the key of the audit trail}
     * @throws IOException when it can't be read or written, or is another one than the cluster's; the message says what is right
     */
    public static byte[] read(FileSystem files, String url, String what) throws IOException {
        File file = files.getFile(url);
        Optional<SharedState.Source> source = SharedState.Source.find();
        if (source.isPresent()) {
            Optional<byte[]> own = file.exists() ? Optional.of(KeyFile.read(file, what)) : Optional.empty();
            try {
                Optional<byte[]> agreed = source.get().agree(files, file.getName(), own);
                if (agreed.isPresent() && own.isEmpty()) {
                    KeyFile.write(file, agreed.get(), what);
                }
            } catch (IOException disagreed) {
                throw new IOException(what + ", " + file + ", can't be used: " + disagreed.getMessage(), disagreed);
            }
        }
        return KeyFile.read(file, what);
    }
}
