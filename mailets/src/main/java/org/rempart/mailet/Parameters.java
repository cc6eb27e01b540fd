/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.mail.MessagingException;
import org.apache.james.mailrepository.api.MailRepository;
import org.apache.james.mailrepository.api.MailRepositoryStore;
import org.apache.james.mailrepository.api.MailRepositoryStore.MailRepositoryStoreException;
import org.apache.james.mailrepository.api.MailRepositoryUrl;
import org.apache.mailet.base.GenericMailet;
import org.rempart.policy.DomainPattern;
import org.rempart.policy.PolicyException;
import org.rempart.policy.file.Policy;
import org.rempart.policy.server.ServerPolicy;

/** The parameters of a mailet in mailetcontainer.xml, checked when the server starts. */
final class Parameters {
    /** What James itself reads beside a mailet. */
    private static final Set<String> JAMES = Set.of("onMailetException", "onMatchException");

    private final GenericMailet mailet;

    private Parameters(GenericMailet mailet) {
        this.mailet = mailet;
    }

    /**
     * The parameters of this mailet.
     *
     * @param known those that it takes
     * @throws MessagingException when it was given another one
     */
    static Parameters of(GenericMailet mailet, String... known) throws MessagingException {
        Set<String> names = new TreeSet<>(List.of(known));
        for (Iterator<String> given = mailet.getInitParameterNames(); given.hasNext(); ) {
            String name = given.next();
            if (!names.contains(name) && !JAMES.contains(name)) {
                throw new MessagingException(mailet.getClass().getSimpleName() + ": unknown parameter <" + name
                        + ">; it takes <" + String.join(">, <", names) + ">");
            }
        }
        return new Parameters(mailet);
    }

    Optional<String> text(String name) {
        return Optional.ofNullable(mailet.getInitParameter(name)).map(String::trim);
    }

    /**
     * A list separated by commas; empty when the parameter isn't given.
     *
     * @throws MessagingException when a place in it is empty
     */
    List<String> list(String name) throws MessagingException {
        Optional<String> given = text(name);
        if (given.isEmpty()) {
            return new ArrayList<>();
        }
        List<String> parts =
                Stream.of(given.get().split(",", -1)).map(String::trim).collect(Collectors.toList());
        if (parts.contains("")) {
            throw fault(name, given.get(), "has an empty place", "write one or more, separated by commas");
        }
        return parts;
    }

    /**
     * A host name.
     *
     * @param name the parameter, which must be given
     * @throws MessagingException when its value is none
     */
    String hostName(String name) throws MessagingException {
        String value = text(name).orElse("");
        try {
            DomainPattern host = DomainPattern.parse(value);
            if (!host.isWildcard()) {
                return host.toString();
            }
        } catch (PolicyException noName) {
            // Told below, with the parameter's name.
        }
        throw fault(name, value, "is no host name", "write the public name of the mail server");
    }

    /**
     * A mail repository.
     *
     * @param name the parameter, which must be given
     * @param right what would be right, for instance
     * @throws MessagingException when there is no such one
     */
    MailRepository repository(String name, MailRepositoryStore repositories, String right) throws MessagingException {
        String url = text(name).orElse("");
        try {
            return repositories.select(MailRepositoryUrl.from(url));
        } catch (MailRepositoryStoreException | IllegalArgumentException fault) {
            MessagingException wrong = fault(
                    name,
                    url,
                    "is no mail repository (" + fault.getMessage() + ")",
                    "write a protocol that mailrepositorystore.xml names, and a path: " + right);
            wrong.initCause(fault);
            throw wrong;
        }
    }

    /**
     * The policy of the server, in the file that a parameter names, or else the one that is there by default.
     *
     * @param name the parameter
     * @throws MessagingException when the file has a fault or can't be read, one that was named is not there, or another
     *     part of the server has the policy of another file
     */
    Policy policy(String name, ServerPolicy server) throws MessagingException {
        try {
            return server.asked(text(name), mailet.getClass().getSimpleName() + " in mailetcontainer.xml");
        } catch (PolicyException | IOException fault) {
            throw new MessagingException(mailet.getClass().getSimpleName() + ": " + fault.getMessage(), fault);
        }
    }

    /**
     * A fault of a parameter.
     *
     * @param wrong what is wrong with its value
     * @param right what would be right
     */
    MessagingException fault(String name, String value, String wrong, String right) {
        return new MessagingException(mailet.getClass().getSimpleName() + ": <" + name + ">" + value + "</" + name
                + "> " + wrong + "; " + right);
    }
}
