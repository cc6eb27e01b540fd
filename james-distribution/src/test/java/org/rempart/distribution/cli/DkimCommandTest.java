/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rempart.distribution.home.Home;
import org.rempart.policy.dkim.DkimKey;
import org.rempart.policy.dkim.DkimRecord;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Name;
import org.xbill.DNS.Record;
import org.xbill.DNS.Type;
import picocli.CommandLine;

class DkimCommandTest {
    private static final Clock TODAY = Clock.fixed(Instant.parse("2026-12-01T12:00:00Z"), ZoneOffset.UTC);
    private static final Pattern RECORD =
            Pattern.compile("(?m)^  (\\S+)\\._domainkey\\.ours\\.example\\. IN TXT (\".*\")$");

    @TempDir
    private Path folder;

    /** The TXT records that there are, by name, in the form of a master file; an empty one fails. */
    private final Map<String, String> records = new HashMap<>();

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @BeforeEach
    void home() throws IOException {
        Files.createDirectories(folder.resolve("conf"));
        policy();
    }

    private void policy(String... selectors) throws IOException {
        StringBuilder signs = new StringBuilder();
        for (String selector : selectors) {
            signs.append(
                    "<sign domain=\"ours.example\" selector=\"" + selector + "\" key=\"" + file(selector) + "\"/>");
        }
        Files.writeString(folder.resolve("conf/rempart.xml"), "<policy><dkim>" + signs + "</dkim></policy>");
    }

    private static String file(String selector) {
        return "conf/dkim/" + selector + ".ours.example.pem";
    }

    private int run(String... arguments) {
        out.getBuffer().setLength(0);
        err.getBuffer().setLength(0);
        return new CommandLine(new DkimCommand(
                        new Home(folder),
                        () -> (name, type) -> {
                            String text = records.get(name);
                            if (text != null && text.isEmpty()) {
                                throw new IOException("Timed out");
                            }
                            List<Record> found = new ArrayList<>();
                            if (text != null && type == Type.TXT) {
                                for (String line : text.split("\n", -1)) {
                                    found.add(Record.fromString(
                                            Name.fromString(name, Name.root), type, DClass.IN, 60, line, Name.root));
                                }
                            }
                            return found;
                        },
                        TODAY))
                .setOut(new PrintWriter(out))
                .setErr(new PrintWriter(err))
                .setExecutionExceptionHandler((failure, command, parsed) -> {
                    command.getErr().println(failure.getMessage());
                    command.getErr().flush();
                    return 1;
                })
                .execute(arguments);
    }

    /** The records that the command printed, by selector, as an administrator pastes them. */
    private Map<String, String> printed() {
        Map<String, String> found = new HashMap<>();
        Matcher record = RECORD.matcher(out.toString());
        while (record.find()) {
            found.put(record.group(1), record.group(2));
        }
        return found;
    }

    private void publish() {
        printed().forEach((selector, text) -> records.put(selector + "._domainkey.ours.example", text));
    }

    @Test
    void newKeysAreSecretAndTheirRecordsFitThem() throws Exception {
        assertThat(run("new", "ours.example")).as(err.toString()).isZero();
        for (String selector : List.of("r20261201", "e20261201")) {
            Path file = folder.resolve(file(selector));
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                    .isEqualTo("rw-------");
            String text = printed().get(selector);
            for (String string : text.substring(1, text.length() - 1).split("\" \"", -1)) {
                assertThat(string).hasSizeLessThan(256);
            }
            String record = text.replace("\" \"", "").replace("\"", "");
            assertThat(DkimRecord.parse(record).orElseThrow().isOf(DkimKey.read(Files.readString(file))))
                    .isTrue();
            assertThat(out.toString())
                    .contains("<sign domain=\"ours.example\" selector=\"" + selector + "\" key=\"" + file(selector)
                            + "\"/>");
        }
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder.resolve("conf/dkim"))))
                .isEqualTo("rwx------");
    }

    @Test
    void aKeyIsNeverWrittenOver() throws Exception {
        run("new", "ours.example", "--kind", "ed25519");
        String first = Files.readString(folder.resolve(file("e20261201")));
        assertThat(run("new", "ours.example", "--kind=ed25519")).isZero();
        assertThat(Files.readString(folder.resolve(file("e20261201")))).isEqualTo(first);
        assertThat(folder.resolve(file("e20261201b"))).exists();
        assertThat(folder.resolve(file("r20261201"))).doesNotExist();
    }

    @Test
    void whatIsNoDomainOrKindIsTold() {
        assertThat(run("new", "../ours")).isOne();
        assertThat(err.toString()).contains("../ours is no domain");
        assertThat(run("new", "ours.example", "--kind", "dsa")).isOne();
        assertThat(err.toString()).contains("there is no kind dsa");
        assertThat(folder.resolve("conf/dkim")).doesNotExist();
    }

    @Test
    void theOldKeySignsUntilTheDnsHasTheNewOne() throws Exception {
        run("new", "ours.example", "--kind", "rsa");
        policy("r20261201");
        assertThat(run("list")).isOne();
        assertThat(out.toString()).contains("signs, DNS: missing");
        publish();
        assertThat(run("list")).as(out.toString()).isZero();
        assertThat(out.toString())
                .isEqualTo("ours.example r20261201 rsa conf/dkim/r20261201.ours.example.pem signs, DNS: published\n");

        assertThat(run("new", "ours.example")).isOne();
        assertThat(err.toString()).contains("signed already", "bin/rempart dkim rotate ours.example");
        assertThat(run("rotate", "ours.example")).as(err.toString()).isZero();
        assertThat(printed()).containsOnlyKeys("r20261201b");
        assertThat(out.toString())
                .contains("of conf/rempart.xml and remove those of the old keys. Until then the old keys sign:")
                .contains("r20261201._domainkey.ours.example, conf/dkim/r20261201.ours.example.pem");
        assertThat(run("list")).isZero();
        assertThat(out.toString()).contains("r20261201 rsa conf/dkim/r20261201.ours.example.pem signs, DNS: published");
        assertThat(out.toString())
                .contains("r20261201b rsa conf/dkim/r20261201b.ours.example.pem unused, DNS: missing");
        publish();
        policy("r20261201b");
        assertThat(run("list", "ours.example", "--json")).isZero();
        JsonNode list = new ObjectMapper().readTree(out.toString());
        assertThat(list).hasSize(2);
        assertThat(list.get(0).path("selector").asText()).isEqualTo("r20261201b");
        assertThat(list.get(0).path("signs").asBoolean()).isTrue();
        assertThat(list.get(0).path("dns").asText()).isEqualTo("published");
        assertThat(list.get(1).path("signs").asBoolean()).isFalse();
    }

    @Test
    void withoutAKeyThereIsNothingToFollow() {
        assertThat(run("rotate", "ours.example")).isOne();
        assertThat(err.toString()).contains("bin/rempart dkim new ours.example");
    }

    @Test
    void aRecordOfSomethingElseIsTold() throws Exception {
        run("new", "ours.example", "--kind", "ed25519");
        policy("e20261201");
        String right = printed().get("e20261201");
        for (String record :
                List.of("\"v=DKIM1; k=ed25519; p=AAAA\"", "\"v=DKIM1; p=\"", "\"hello\"", right + "\n\"second\"")) {
            records.put("e20261201._domainkey.ours.example", record);
            assertThat(run("list")).as(record).isOne();
            assertThat(out.toString()).contains("signs, DNS: other");
        }
        records.put("e20261201._domainkey.ours.example", "");
        assertThat(run("list")).isZero();
        assertThat(out.toString()).contains("DNS: unknown");
        assertThat(err.toString()).contains("the DNS does not answer");
    }
}
