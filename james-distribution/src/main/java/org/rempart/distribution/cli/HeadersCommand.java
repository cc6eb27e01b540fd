/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.rempart.distribution.home.Home;
import org.rempart.policy.KeyFile;
import org.rempart.policy.PolicyException;
import org.rempart.policy.file.PolicyFile;
import org.rempart.policy.headers.HeaderPolicy;
import org.rempart.policy.headers.HeaderPreview;
import org.rempart.policy.headers.HeaderPreview.Field;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Shows what would leave of messages, and by which rule of {@code conf/rempart.xml}. Nothing is sent or changed. */
@Command(
        name = "headers",
        description =
                "Show what of a message's header would leave for the outside, and by which rule of conf/rempart.xml.",
        footer = {
            "",
            "A line that stays begins with a space, one that does not leave with -, and a rewritten one stands with - as it",
            "is and with + as it leaves. Domains of yours are those of conf/domainlist.xml and of --domain."
        })
final class HeadersCommand implements Callable<Integer> {
    private final Home home;
    private final InputStream input;

    @Parameters(arity = "1..*", paramLabel = "FILE", description = "a message as a file; - is what comes in")
    private List<String> files;

    @Option(
            names = "--domain",
            split = ",",
            paramLabel = "DOMAIN",
            description = "domains that are yours, beside those of conf/domainlist.xml")
    private List<String> domains = List.of();

    @Option(
            names = "--json",
            description = "as JSON: [{\"file\", \"fields\": [{\"verdict\", \"before\", \"after\", \"rule\"}, …]}, …]")
    private boolean json;

    @Spec
    private CommandSpec spec;

    HeadersCommand(Home home, InputStream input) {
        this.home = home;
        this.input = input;
    }

    @Override
    public Integer call() throws IOException {
        HeaderPolicy policy = policy();
        List<String> listed = ListedDomains.of(home);
        Set<String> ours = new HashSet<>();
        Stream.concat(listed.stream(), domains.stream()).forEach(domain -> ours.add(domain.toLowerCase(Locale.ROOT)));
        // As StripHeaders: the policy's name, else the default domain, which stands first here.
        String publicName = policy.publicName().orElse(listed.isEmpty() ? "localhost" : listed.get(0));
        byte[] key = key();
        List<Map<String, Object>> whole = new ArrayList<>();
        try (URLClassLoader extensions = Extensions.of(home)) {
            HeaderPreview preview = ServiceLoader.load(HeaderPreview.class, extensions)
                    .findFirst()
                    .orElseThrow(() -> new IOException("extensions-jars/ holds no Rempart; unpack the archive again"));
            for (String file : files) {
                List<Field> fields = preview.preview(read(file), policy, ours::contains, publicName, key);
                if (json) {
                    whole.add(asMap(file, fields));
                } else {
                    print(file, fields);
                }
            }
        }
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            out.println(new ObjectMapper()
                    .enable(SerializationFeature.INDENT_OUTPUT)
                    .writeValueAsString(whole));
        }
        out.flush();
        return 0;
    }

    private HeaderPolicy policy() throws IOException {
        try {
            return PolicyFile.read(home.conf("rempart.xml")).headers();
        } catch (PolicyException fault) {
            throw new IOException(fault.getMessage(), fault);
        }
    }

    private byte[] read(String file) throws IOException {
        if (file.equals("-")) {
            return input.readAllBytes();
        }
        try {
            return Files.readAllBytes(Path.of(file));
        } catch (NoSuchFileException absent) {
            throw new IOException(file + " is not there", absent);
        }
    }

    /** The server's key, so that ids look as they will; another one where the server has none yet. */
    private byte[] key() throws IOException {
        Path file = home.var("message-ids.key");
        return Files.isReadable(file) ? KeyFile.read(file.toFile(), "the key of message ids") : KeyFile.random();
    }

    private void print(String file, List<Field> fields) {
        PrintWriter out = spec.commandLine().getOut();
        if (files.size() > 1) {
            out.println("== " + file);
        }
        for (Field field : fields) {
            switch (field.verdict()) {
                case KEEP -> lines("  ", field.before());
                case STRIP -> lines("- ", field.before());
                case REWRITE -> {
                    lines("- ", field.before());
                    lines("+ ", field.after().orElseThrow());
                }
            }
            if (field.verdict() != org.rempart.policy.headers.HeaderVerdict.KEEP) {
                out.println("      by " + field.reason());
            }
        }
    }

    /** Prints text with each line marked, and what a terminal would obey made visible. */
    private void lines(String mark, String text) {
        for (String line : text.split("\r\n|\r|\n", -1)) {
            spec.commandLine().getOut().println(mark + line.replaceAll("[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f]", "?"));
        }
    }

    private static Map<String, Object> asMap(String file, List<Field> fields) {
        List<Map<String, Object>> listed = new ArrayList<>();
        for (Field field : fields) {
            Map<String, Object> map = new LinkedHashMap<>();
            map.put("verdict", field.verdict().name().toLowerCase(Locale.ROOT));
            map.put("before", field.before());
            map.put("after", field.after().orElse(null));
            map.put("rule", field.reason());
            listed.add(map);
        }
        Map<String, Object> whole = new LinkedHashMap<>();
        whole.put("file", file);
        whole.put("fields", listed);
        return whole;
    }
}
