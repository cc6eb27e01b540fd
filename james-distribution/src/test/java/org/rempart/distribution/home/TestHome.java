/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.home;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.rempart.testsupport.FreePort;

/** A home with the configuration as it is shipped, on loopback and free ports, with a certificate of its own. */
public final class TestHome {
    private static final Path SHIPPED = Path.of("../conf/src/main/conf");
    private static final Pattern BIND = Pattern.compile("<bind>[^<]*</bind>");

    private final Home home;

    private TestHome(Home home) {
        this.home = home;
    }

    public static TestHome in(Path folder) throws Exception {
        TestHome made = new TestHome(new Home(folder));
        Path conf = folder.resolve("conf");
        try (Stream<Path> files = Files.walk(SHIPPED)) {
            for (Path file : (Iterable<Path>) files::iterator) {
                Path copy = conf.resolve(SHIPPED.relativize(file).toString());
                if (Files.isDirectory(file)) {
                    Files.createDirectories(copy);
                } else {
                    Files.copy(file, copy);
                }
            }
        }
        Files.createDirectories(folder.resolve("var/log"));
        for (String file : List.of("smtpserver.xml", "imapserver.xml")) {
            Matcher binds = BIND.matcher(made.read(file));
            StringBuilder moved = new StringBuilder();
            while (binds.find()) {
                binds.appendReplacement(moved, "<bind>127.0.0.1:" + FreePort.next() + "</bind>");
            }
            made.write(file, binds.appendTail(moved).toString());
        }
        made.replace("webadmin.properties", "port=8000", "port=" + FreePort.next());
        TestCertificate.of("mail.example.com").write(made.home);
        return made;
    }

    public Home home() {
        return home;
    }

    public String read(String file) throws IOException {
        return Files.readString(home.conf(file), StandardCharsets.UTF_8);
    }

    public void write(String file, String text) throws IOException {
        Files.writeString(home.conf(file), text, StandardCharsets.UTF_8);
    }

    /** Puts one text in the place of another, the first time that it stands in the file. */
    public void replace(String file, String old, String text) throws IOException {
        String whole = read(file);
        if (!whole.contains(old)) {
            throw new IllegalArgumentException(file + " does not hold " + old);
        }
        write(file, whole.replaceFirst(Pattern.quote(old), Matcher.quoteReplacement(text)));
    }
}
