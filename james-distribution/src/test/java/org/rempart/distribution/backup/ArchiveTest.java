/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.TreeMap;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.apache.commons.compress.compressors.gzip.GzipCompressorOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ArchiveTest {
    private static final Manifest MANIFEST = new Manifest(1, "0.1.0", "2026-11-25T00:00:00Z", "derby", 2);

    @TempDir
    Path folder;

    private Path source() throws IOException {
        Path source = folder.resolve("source");
        Files.createDirectories(source.resolve("blobs/ab"));
        Files.writeString(source.resolve("blobs/ab/one"), "first");
        Files.write(source.resolve("blobs/ab/two"), new byte[300_000]);
        Files.writeString(source.resolve("rempart.xml"), "<policy/>");
        return source;
    }

    private Archive written(String name) throws IOException {
        Path source = source();
        Archive archive = Archive.at(folder.resolve(name));
        archive.write(
                MANIFEST,
                new TreeMap<>(Map.of(
                        "var/blobs", source.resolve("blobs"), "conf/rempart.xml", source.resolve("rempart.xml"))));
        return archive;
    }

    @ParameterizedTest
    @ValueSource(strings = {"backup.tar.gz", "backup"})
    void whatIsWrittenIsUnpacked(String name) throws Exception {
        Archive archive = written(name);
        Path target = folder.resolve("target");

        assertThat(archive.manifest()).isEqualTo(MANIFEST);
        archive.unpack(target);

        assertThat(target.resolve("conf/rempart.xml")).hasContent("<policy/>");
        assertThat(target.resolve("var/blobs/ab/one")).hasContent("first");
        assertThat(target.resolve("var/blobs/ab/two")).hasSize(300_000);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(target.resolve("conf/rempart.xml"))))
                .isEqualTo("rw-------");
        assertThat(folder.resolve(name + ".part")).doesNotExist();
    }

    @ParameterizedTest
    @CsvSource({"backup.tar.gz,rw-------", "backup,rwx------"})
    void aBackupBelongsToItsMakerAlone(String name, String mode) throws Exception {
        written(name);

        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder.resolve(name))))
                .isEqualTo(mode);
    }

    @Test
    void nothingIsWrittenOver() throws Exception {
        Files.writeString(folder.resolve("backup.tar.gz"), "precious");

        assertThatThrownBy(() -> Archive.at(folder.resolve("backup.tar.gz")).requireFree())
                .isInstanceOf(IOException.class)
                .hasMessageContaining("is there already");
        assertThatThrownBy(() ->
                        Archive.at(folder.resolve("nowhere/backup.tar.gz")).requireFree())
                .isInstanceOf(IOException.class)
                .hasMessageContaining("is no folder");
    }

    @Test
    void aCutArchiveLeavesNothingBehind() throws Exception {
        written("backup.tar.gz");
        byte[] whole = Files.readAllBytes(folder.resolve("backup.tar.gz"));
        Path cut = Files.write(
                folder.resolve("cut.tar.gz"), java.util.Arrays.copyOf(whole, whole.length - whole.length / 3));

        assertThatThrownBy(() -> Archive.at(cut).unpack(folder.resolve("target")))
                .isInstanceOf(IOException.class);
        assertThat(folder.resolve("target")).doesNotExist();
    }

    @Test
    void whatIsNoBackupIsCalledThat() throws Exception {
        Path text = Files.writeString(folder.resolve("text.tar.gz"), "text");
        assertThatThrownBy(() -> Archive.at(text).manifest()).hasMessageContaining("is no backup");
        Path empty = Files.createDirectory(folder.resolve("empty"));
        assertThatThrownBy(() -> Archive.at(empty).manifest()).hasMessageContaining("is no backup");
        assertThatThrownBy(() -> Archive.at(folder.resolve("absent")).manifest())
                .hasMessageContaining("is not there");
    }

    @ParameterizedTest
    @ValueSource(strings = {"../evil", "conf/../../evil", "bin/rempart", "conf/../bin/rempart"})
    void nothingIsUnpackedElsewhere(String name) throws Exception {
        Path file = folder.resolve("evil.tar.gz");
        try (OutputStream out = Files.newOutputStream(file);
                TarArchiveOutputStream tar = new TarArchiveOutputStream(new GzipCompressorOutputStream(out))) {
            byte[] bytes = "evil".getBytes(StandardCharsets.US_ASCII);
            TarArchiveEntry entry = new TarArchiveEntry(name, true);
            entry.setSize(bytes.length);
            tar.putArchiveEntry(entry);
            tar.write(bytes);
            tar.closeArchiveEntry();
        }

        assertThatThrownBy(() -> Archive.at(file).unpack(folder.resolve("target")))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("neither in conf/ nor in var/");
        assertThat(folder.resolve("target")).doesNotExist();
        assertThat(folder.resolve("evil")).doesNotExist();
    }

    @Test
    void linksAreNotUnpacked() throws Exception {
        Path file = folder.resolve("link.tar.gz");
        try (OutputStream out = Files.newOutputStream(file);
                TarArchiveOutputStream tar = new TarArchiveOutputStream(new GzipCompressorOutputStream(out))) {
            TarArchiveEntry link = new TarArchiveEntry("conf/link", TarConstants.LF_SYMLINK);
            link.setLinkName("/etc");
            tar.putArchiveEntry(link);
            tar.closeArchiveEntry();
        }

        assertThatThrownBy(() -> Archive.at(file).unpack(folder.resolve("target")))
                .hasMessageContaining("no plain file");
    }

    @Test
    void newerBackupsAreRefused() throws Exception {
        MANIFEST.requireReadableBy("0.1.0-SNAPSHOT");
        MANIFEST.requireReadableBy("0.10.0");
        MANIFEST.requireReadableBy("(unpackaged)");
        assertThatThrownBy(() -> MANIFEST.requireReadableBy("0.0.9")).hasMessageContaining("is of version 0.1.0");
        assertThatThrownBy(() -> new Manifest(2, "0.1.0", "", "", 0).requireReadableBy("0.1.0"))
                .isInstanceOf(IOException.class);
    }

    @ParameterizedTest
    @CsvSource({"1.0.0,1.0.0,0", "1.0,1.0.0,0", "1.10.0,1.9.9,1", "0.9,1.0,-1", "1.0.0-SNAPSHOT,1.0.0,0"})
    void versionsAreComparedByTheirNumbers(String one, String other, int sign) {
        assertThat(Integer.signum(Manifest.compare(one, other))).isEqualTo(sign);
    }
}
