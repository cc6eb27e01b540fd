/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet;

import java.io.ByteArrayInputStream;
import java.io.File;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import javax.mail.MessagingException;
import org.apache.james.core.Domain;
import org.apache.james.core.Username;
import org.apache.james.domainlist.api.DomainList;
import org.apache.james.domainlist.api.DomainListException;
import org.apache.james.filesystem.api.FileSystem;
import org.apache.james.server.core.MailImpl;
import org.apache.james.server.core.MimeMessageInputStreamSource;
import org.apache.james.server.core.MimeMessageWrapper;
import org.apache.james.user.api.UsersRepository;
import org.apache.james.user.api.UsersRepositoryException;
import org.apache.mailet.MailetConfig;
import org.apache.mailet.MailetContext;
import org.rempart.policy.server.ServerPolicy;

/** What StripHeaders needs of a server, and mails that came in through one. */
final class Server {
    /** The server's var folder. */
    static final File VAR = new File(System.getProperty("java.io.tmpdir"), "var");

    private Server() {}

    /** A mailet with these parameters, started. */
    static StripHeaders stripHeaders(String... namesAndValues) throws MessagingException {
        return start(new StripHeaders(policy(Map.of()), domains(true), users()), namesAndValues);
    }

    static <M extends org.apache.mailet.base.GenericMailet> M start(M mailet, String... namesAndValues)
            throws MessagingException {
        Map<String, String> parameters = new java.util.TreeMap<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            parameters.put(namesAndValues[i], namesAndValues[i + 1]);
        }
        mailet.init(new MailetConfig() {
            @Override
            public String getInitParameter(String name) {
                return parameters.get(name);
            }

            @Override
            public Iterator<String> getInitParameterNames() {
                return Collections.unmodifiableSet(parameters.keySet()).iterator();
            }

            @Override
            public MailetContext getMailetContext() {
                throw new UnsupportedOperationException();
            }

            @Override
            public String getMailetName() {
                return "StripHeaders";
            }
        });
        return mailet;
    }

    /** The policy of a server that has these files. */
    static ServerPolicy policy(Map<String, String> contents) {
        return new ServerPolicy(files(contents));
    }

    /** Files of the configuration, by their URL. */
    static FileSystem files(Map<String, String> contents) {
        return new FileSystem() {
            @Override
            public InputStream getResource(String url) throws IOException {
                if (!contents.containsKey(url)) {
                    throw new FileNotFoundException(url);
                }
                return new ByteArrayInputStream(contents.get(url).getBytes(StandardCharsets.UTF_8));
            }

            @Override
            public File getFile(String url) throws FileNotFoundException {
                if (url.startsWith("file://var/")) {
                    return new File(VAR, url.substring("file://var/".length()));
                }
                throw new FileNotFoundException(url);
            }

            @Override
            public File getBasedir() throws FileNotFoundException {
                throw new FileNotFoundException();
            }
        };
    }

    /** A domain list that holds ours.example, the default domain; or one that is down. */
    static DomainList domains(boolean up) {
        return (DomainList) Proxy.newProxyInstance(
                DomainList.class.getClassLoader(), new Class<?>[] {DomainList.class}, (proxy, method, arguments) -> {
                    switch (method.getName()) {
                        case "containsDomain":
                            if (!up) {
                                throw new DomainListException("the directory is down");
                            }
                            return arguments[0].equals(Domain.of("ours.example"));
                        case "getDefaultDomain":
                            return Domain.of("ours.example");
                        default:
                            throw new UnsupportedOperationException(method.getName());
                    }
                });
    }

    /** A users repository with these accounts; asked for more than a hundred names, it is down. */
    static UsersRepository users(String... accounts) {
        AtomicInteger questions = new AtomicInteger();
        return (UsersRepository) Proxy.newProxyInstance(
                UsersRepository.class.getClassLoader(),
                new Class<?>[] {UsersRepository.class},
                (proxy, method, arguments) -> {
                    if (!method.getName().equals("contains")) {
                        throw new UnsupportedOperationException(method.getName());
                    }
                    if (questions.incrementAndGet() > 100 || arguments[0].equals(Username.of("down@ours.example"))) {
                        throw new UsersRepositoryException("the directory is down");
                    }
                    return Stream.of(accounts).map(Username::of).anyMatch(arguments[0]::equals);
                });
    }

    static MailImpl mail(byte[] message) throws MessagingException {
        MailImpl mail = MailImpl.builder()
                .name("mail")
                .sender("bob@ours.example")
                .addRecipient("carol@outside.example")
                .build();
        mail.setMessageNoCopy(new MimeMessageWrapper(
                MimeMessageInputStreamSource.create("strip-headers-test", new ByteArrayInputStream(message))));
        return mail;
    }

    /** The message as James stores and sends it. */
    static byte[] bytes(MailImpl mail) throws MessagingException, IOException {
        java.io.ByteArrayOutputStream out = new java.io.ByteArrayOutputStream();
        mail.getMessage().writeTo(out);
        return out.toByteArray();
    }

    /** The files that James keeps big messages in. */
    static long messageFiles() {
        try (Stream<Path> files = Files.list(Path.of(System.getProperty("java.io.tmpdir")))) {
            return files.map(file -> String.valueOf(file.getFileName()))
                    .filter(name -> List.of("strip-headers-test", "raw-", "MailCopy-").stream()
                            .anyMatch(key -> name.startsWith("mimemessage-" + key)))
                    .count();
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }
}
