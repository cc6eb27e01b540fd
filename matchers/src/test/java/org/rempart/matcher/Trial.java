/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.matcher;

import java.io.ByteArrayInputStream;
import java.io.File;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.mail.MessagingException;
import org.apache.james.core.Domain;
import org.apache.james.core.MailAddress;
import org.apache.james.filesystem.api.FileSystem;
import org.apache.james.server.core.MailImpl;
import org.apache.mailet.Attribute;
import org.apache.mailet.AttributeName;
import org.apache.mailet.AttributeValue;
import org.apache.mailet.Mail;
import org.apache.mailet.MailetContext;
import org.apache.mailet.Matcher;
import org.apache.mailet.MatcherConfig;
import org.rempart.policy.server.ServerPolicy;

/** A matcher as James starts it, in a server whose domains are ours.example and also-ours.example; and mails for it. */
final class Trial {
    private static final List<Domain> OURS = List.of(Domain.of("ours.example"), Domain.of("also-ours.example"));

    private final Function<ServerPolicy, Matcher> matcher;
    private final String condition;
    private final Map<String, String> texts = new HashMap<>();

    private Trial(Function<ServerPolicy, Matcher> matcher, String condition) {
        this.matcher = matcher;
        this.condition = condition;
    }

    /** @param condition what stands behind the equals sign; null for nothing */
    static Trial of(Function<ServerPolicy, Matcher> matcher, String condition) {
        return new Trial(matcher, condition);
    }

    /** The policy file; without one, the safe defaults apply. */
    Trial policy(String xml) {
        return file("file://conf/rempart.xml", xml);
    }

    /** A file of the server. */
    Trial file(String url, String text) {
        texts.put(url, text);
        return this;
    }

    /** Starts the matcher. */
    Matcher start() throws MessagingException {
        Matcher started = matcher.apply(new ServerPolicy(new Files()));
        started.init(new MatcherConfig() {
            @Override
            public String getCondition() {
                return condition;
            }

            @Override
            public MailetContext getMailetContext() {
                return context();
            }

            @Override
            public String getMatcherName() {
                return started.getClass().getSimpleName();
            }
        });
        return started;
    }

    /** Whom the matcher matches of the recipients of a mail, in their order. */
    List<String> matched(Mail mail) throws MessagingException {
        return start().match(mail).stream().map(MailAddress::asString).collect(Collectors.toList());
    }

    private static MailetContext context() {
        return (MailetContext) Proxy.newProxyInstance(
                MailetContext.class.getClassLoader(),
                new Class<?>[] {MailetContext.class},
                (self, method, arguments) -> {
                    if (!method.getName().equals("isLocalServer")) {
                        throw new UnsupportedOperationException(method.getName());
                    }
                    return OURS.contains(arguments[0]);
                });
    }

    /** A mail from 192.0.2.1 with this reverse-path and these forward-paths. */
    static MailImpl mail(String sender, String... recipients) throws MessagingException {
        List<MailAddress> to = new ArrayList<>();
        for (String recipient : recipients) {
            to.add(new MailAddress(recipient));
        }
        return MailImpl.builder()
                .name("mail")
                .sender(new MailAddress(sender))
                .addRecipients(to)
                .remoteAddr("192.0.2.1")
                .build();
    }

    /** A mail of an account to somebody here and to somebody elsewhere. */
    static MailImpl by(String account) throws MessagingException {
        return with(
                mail("alice@ours.example", "bob@ours.example", "carol@elsewhere.example"),
                Mail.SMTP_AUTH_USER,
                account);
    }

    /** Gives a mail an attribute. */
    static MailImpl with(MailImpl mail, AttributeName name, String value) {
        mail.setAttribute(new Attribute(name, AttributeValue.of(value)));
        return mail;
    }

    /** Gives a mail an attribute that is a list. */
    static MailImpl withList(MailImpl mail, AttributeName name, String... values) {
        mail.setAttribute(new Attribute(
                name,
                AttributeValue.of(Stream.of(values).map(AttributeValue::of).collect(Collectors.toList()))));
        return mail;
    }

    private final class Files implements FileSystem {
        @Override
        public InputStream getResource(String url) throws IOException {
            if (!texts.containsKey(url)) {
                throw new FileNotFoundException(url);
            }
            return new ByteArrayInputStream(texts.get(url).getBytes(StandardCharsets.UTF_8));
        }

        @Override
        public File getFile(String url) throws FileNotFoundException {
            throw new FileNotFoundException(url + " is not on a disk");
        }

        @Override
        public File getBasedir() throws FileNotFoundException {
            throw new FileNotFoundException("there is no such folder");
        }
    }
}
