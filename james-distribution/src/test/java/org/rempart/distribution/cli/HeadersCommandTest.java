/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayInputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rempart.distribution.home.Home;
import picocli.CommandLine;

class HeadersCommandTest {
    private static final String MESSAGE = String.join(
            "\r\n",
            "Received: from pc ([10.0.0.7]) by ex01.branch.example with SMTP id 4;",
            "\tTue, 24 Nov 2026 20:50:07 +0000",
            "X-Mailer: Acme",
            "X-Acme-Host: ex01",
            "Subject: a\u001b[31mb",
            " c",
            "",
            "X-Mailer: body",
            "");

    @TempDir
    private Path folder;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @BeforeEach
    void configure() throws Exception {
        Files.createDirectories(folder.resolve("conf"));
        Files.createDirectories(folder.resolve("var"));
        Files.writeString(folder.resolve("conf/rempart.xml"), """
                <policy><headers>
                <strip preset='client'/>
                <strip name='X-Acme-*'/>
                <received name='mail.example.com'>rewrite</received>
                </headers></policy>
                """);
        Files.writeString(
                folder.resolve("conf/domainlist.xml"),
                "<domainlist><domainnames><domainname>example.org</domainname></domainnames>"
                        + "<defaultDomain>example.com</defaultDomain></domainlist>");
    }

    private int run(String input, String... arguments) {
        return new CommandLine(new HeadersCommand(
                        new Home(folder), new ByteArrayInputStream(input.getBytes(StandardCharsets.ISO_8859_1))))
                .setOut(new PrintWriter(out))
                .setErr(new PrintWriter(err))
                .setExecutionExceptionHandler((failure, command, parsed) -> {
                    command.getErr().println(failure.getMessage());
                    command.getErr().flush();
                    return 1;
                })
                .execute(arguments);
    }

    @Test
    void marksWhatIsRemovedAndWhatIsRewrittenWithTheRule() {
        assertThat(run(MESSAGE, "--domain", "branch.example", "-"))
                .as(err.toString())
                .isZero();
        assertThat(out.toString().lines())
                .containsExactly(
                        "- Received: from pc ([10.0.0.7]) by ex01.branch.example with SMTP id 4;",
                        "- \tTue, 24 Nov 2026 20:50:07 +0000",
                        "+ Received: by mail.example.com with SMTP id 4; Tue, 24 Nov 2026 20:50:07 +0000",
                        "      by <received name=\"mail.example.com\">rewrite</received> (rempart.xml:4:1)",
                        "- X-Mailer: Acme",
                        "      by <strip preset=\"client\"/> (rempart.xml:2:1)",
                        "- X-Acme-Host: ex01",
                        "      by <strip name=\"X-Acme-*\"/> (rempart.xml:3:1)",
                        "  Subject: a?[31mb",
                        "   c");
    }

    @Test
    void filesAsJson() throws Exception {
        Path file = Files.writeString(folder.resolve("a.eml"), MESSAGE, StandardCharsets.ISO_8859_1);
        assertThat(run("", "--json", file.toString(), file.toString()))
                .as(err.toString())
                .isZero();
        JsonNode whole = new ObjectMapper().readTree(out.toString());
        assertThat(whole).hasSize(2);
        JsonNode fields = whole.get(0).get("fields");
        assertThat(fields).hasSize(4);
        assertThat(fields.get(0).get("verdict").asText()).isEqualTo("rewrite");
        assertThat(fields.get(1).get("verdict").asText()).isEqualTo("strip");
        assertThat(fields.get(1).get("after").isNull()).isTrue();
        assertThat(fields.get(3).get("before").asText()).isEqualTo("Subject: a\u001b[31mb\r\n c");
        assertThat(fields.get(3).get("after")).isEqualTo(fields.get(3).get("before"));
    }

    @Test
    void saysWhatIsWrong() throws Exception {
        assertThat(run("", folder.resolve("none.eml").toString())).isEqualTo(1);
        assertThat(err.toString()).contains("none.eml is not there");
        Files.writeString(folder.resolve("conf/rempart.xml"), "<policy><headers><strips/></headers></policy>");
        assertThat(run("", "-")).isEqualTo(1);
        assertThat(err.toString()).contains("rempart.xml:1:");
        assertThat(run("")).isEqualTo(2);
    }
}
