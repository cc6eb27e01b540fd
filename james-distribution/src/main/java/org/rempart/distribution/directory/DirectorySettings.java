/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.directory;

import com.unboundid.ldap.sdk.DN;
import com.unboundid.ldap.sdk.Filter;
import com.unboundid.ldap.sdk.LDAPException;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import javax.mail.internet.AddressException;
import org.apache.james.core.MailAddress;
import org.rempart.distribution.home.ConfigurationXml;
import org.rempart.distribution.home.FaultException;
import org.rempart.distribution.home.Home;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.w3c.dom.NodeList;

/**
 * The directory that the accounts are in: {@code <directory>} of {@code conf/usersrepository.xml}.
 *
 * @param servers in the order in which they are asked
 * @param implicitTls TLS from the first byte (ldaps); else StartTLS (RFC 4511, section 4.14) before anything else
 * @param trust certificates, PEM, of which one has signed the servers'; empty for those that the JVM trusts
 * @param bindDn who asks
 * @param bindPassword his password
 * @param base where the people are, with all below
 * @param filter which entries are accounts
 * @param groups in one of which an account has to be; empty for no such condition
 * @param account the attribute that holds an account's own mail address
 * @param login the attributes by which people log in, the more trusted first; the account's own first of all
 * @param aliases the attributes that hold further addresses
 * @param contact the account that gets the mail for postmaster and abuse of each domain; empty for none
 * @param connectTimeout for connecting, TLS included
 * @param answerTimeout for an answer, and for a connection to become free
 * @param connections at most so many for questions, and so many for logins
 */
record DirectorySettings(
        List<Server> servers,
        boolean implicitTls,
        Optional<Path> trust,
        DN bindDn,
        String bindPassword,
        DN base,
        Filter filter,
        List<DN> groups,
        String account,
        List<String> login,
        List<String> aliases,
        Optional<MailAddress> contact,
        Duration connectTimeout,
        Duration answerTimeout,
        int connections) {
    static final String FILE = "usersrepository.xml";

    private static final int LDAPS_PORT = 636;
    private static final int LDAP_PORT = 389;
    private static final int LONGEST_SECONDS = 60;
    private static final int MOST_CONNECTIONS = 200;

    private static final Set<String> KNOWN = Set.of(
            "server",
            "startTls",
            "trust",
            "bindDn",
            "bindPasswordFile",
            "base",
            "filter",
            "group",
            "account",
            "login",
            "aliases",
            "contact",
            "connectTimeout",
            "answerTimeout",
            "connections");

    /** One of the directory's servers, by its host name, as its certificate has it. */
    record Server(String host, int port) {
        @Override
        public String toString() {
            return host + ":" + port;
        }
    }

    /**
     * Reads the configuration of a home.
     *
     * @return empty when the accounts are not in a directory that is configured in this way
     * @throws FaultException when they are, and something about it is wrong
     */
    static Optional<DirectorySettings> of(Home home) throws FaultException {
        Path file = home.conf(FILE);
        if (Files.notExists(file)) {
            return Optional.empty();
        }
        Element root = ConfigurationXml.read(home, file).getDocumentElement();
        NodeList found = root.getElementsByTagName("directory");
        return found.getLength() == 0
                ? Optional.empty()
                : Optional.of(new Reader(home, (Element) found.item(0)).read());
    }

    private static final class Reader {
        private final Home home;
        private final Element directory;

        Reader(Home home, Element directory) {
            this.home = home;
            this.directory = directory;
        }

        DirectorySettings read() throws FaultException {
            onlyKnown();
            List<URI> urls = urls();
            String scheme = urls.get(0).getScheme();
            boolean implicitTls = scheme.equals("ldaps");
            startTls(implicitTls);
            List<Server> servers = new ArrayList<>();
            for (URI url : urls) {
                if (!url.getScheme().equals(scheme)) {
                    throw fault("<server>" + url + "</server> is not " + scheme + " as the first one is; "
                            + "write all of them alike");
                }
                int usual = implicitTls ? LDAPS_PORT : LDAP_PORT;
                servers.add(new Server(url.getHost(), url.getPort() < 0 ? usual : url.getPort()));
            }
            String account = one("account").orElse("mail");
            Set<String> login = new LinkedHashSet<>(List.of(account));
            login.addAll(attributes("login"));
            return new DirectorySettings(
                    List.copyOf(servers),
                    implicitTls,
                    trust(),
                    dn("bindDn", required("bindDn", "write who may search, such as cn=rempart,dc=example,dc=com")),
                    bindPassword(),
                    dn("base", required("base", "write where the people are, such as ou=people,dc=example,dc=com")),
                    filter(),
                    groups(),
                    attribute("account", account),
                    List.copyOf(login),
                    attributes("aliases"),
                    contact(),
                    Duration.ofSeconds(number("connectTimeout", 3, LONGEST_SECONDS)),
                    Duration.ofSeconds(number("answerTimeout", 5, LONGEST_SECONDS)),
                    number("connections", 8, MOST_CONNECTIONS));
        }

        private void onlyKnown() throws FaultException {
            for (Node node = directory.getFirstChild(); node != null; node = node.getNextSibling()) {
                if (node instanceof Element element && !KNOWN.contains(element.getTagName())) {
                    throw fault("<directory> has no element <" + element.getTagName() + ">; possible are "
                            + String.join(", ", new TreeSet<>(KNOWN)));
                }
            }
            for (String single : KNOWN) {
                if (!single.equals("server")
                        && !single.equals("group")
                        && all(single).size() > 1) {
                    throw fault("<" + single + "> stands twice; leave one");
                }
            }
        }

        private List<URI> urls() throws FaultException {
            List<URI> urls = new ArrayList<>();
            for (String written : all("server")) {
                try {
                    URI url = new URI(written);
                    boolean ldap = "ldaps".equals(url.getScheme()) || "ldap".equals(url.getScheme());
                    boolean more =
                            (url.getRawPath() != null && !url.getRawPath().isEmpty()) || url.getRawUserInfo() != null;
                    if (!ldap || url.getHost() == null || more) {
                        throw new URISyntaxException(written, "not ldaps://HOST");
                    }
                    urls.add(url);
                } catch (URISyntaxException wrong) {
                    throw fault("<server>" + written + "</server> is no directory server; write "
                            + "ldaps://directory.example.com, or ldap://… together with <startTls>true</startTls>");
                }
            }
            if (urls.isEmpty()) {
                throw fault("<directory> lacks its <server>; write <server>ldaps://directory.example.com</server>");
            }
            return urls;
        }

        /** Passwords never travel in clear text, so there is no third possibility. */
        private void startTls(boolean implicitTls) throws FaultException {
            String written = one("startTls").orElse(implicitTls ? "false" : "");
            if (!implicitTls && !written.equals("true")) {
                throw fault("<server>ldap://…</server> would send passwords in clear text; write "
                        + "<startTls>true</startTls>, or ldaps://…");
            }
            if (implicitTls && !written.equals("false")) {
                throw fault("<startTls>" + written + "</startTls> does not go with ldaps://, which has TLS from the "
                        + "first byte; leave it out");
            }
        }

        private Optional<Path> trust() throws FaultException {
            Optional<String> written = one("trust");
            if (written.isEmpty()) {
                return Optional.empty();
            }
            Path file = home.folder().resolve(written.get());
            if (!Files.isReadable(file)) {
                throw fault("<trust>" + written.get() + "</trust> can't be read; put the certificate of the authority "
                        + "that signs the directory servers' there, in PEM form, or leave <trust> out if the JVM "
                        + "trusts it");
            }
            return Optional.of(file);
        }

        private String bindPassword() throws FaultException {
            String written = required(
                    "bindPasswordFile", "write the file that holds the password, such as conf/directory.password");
            Path file = home.folder().resolve(written);
            String password;
            try {
                password = Files.readString(file, StandardCharsets.UTF_8).stripTrailing();
            } catch (IOException unread) {
                throw fault("<bindPasswordFile>" + written + "</bindPasswordFile> can't be read; put the password of "
                        + "<bindDn> there, in one line, and let the server's user alone read it");
            }
            if (password.isEmpty() || password.contains("\n")) {
                throw fault("<bindPasswordFile>" + written + "</bindPasswordFile> holds "
                        + (password.isEmpty() ? "no password" : "more than one line")
                        + "; put the password of <bindDn> there, in one line");
            }
            return password;
        }

        private DN dn(String element, String written) throws FaultException {
            try {
                DN dn = new DN(written);
                if (!dn.isNullDN()) {
                    return dn;
                }
            } catch (LDAPException wrong) {
                // Told below.
            }
            throw fault("<" + element + ">" + written + "</" + element + "> is no distinguished name (RFC 4514); write "
                    + "it as in ou=people,dc=example,dc=com");
        }

        private Filter filter() throws FaultException {
            String written = one("filter").orElse("(objectClass=person)");
            try {
                return Filter.create(written);
            } catch (LDAPException wrong) {
                throw fault("<filter>" + written + "</filter> is no filter (RFC 4515): " + wrong.getMessage()
                        + "; write it as in (objectClass=inetOrgPerson), with &amp;amp; for &amp;");
            }
        }

        private List<DN> groups() throws FaultException {
            List<DN> groups = new ArrayList<>();
            for (String written : all("group")) {
                groups.add(dn("group", written));
            }
            return List.copyOf(groups);
        }

        private List<String> attributes(String element) throws FaultException {
            List<String> attributes = new ArrayList<>();
            Optional<String> written = one(element);
            if (written.isPresent()) {
                for (String part : written.get().split(",", -1)) {
                    attributes.add(attribute(element, part.strip()));
                }
            }
            return List.copyOf(attributes);
        }

        private String attribute(String element, String written) throws FaultException {
            if (!written.matches("[A-Za-z][A-Za-z0-9-]*")) {
                throw fault("<" + element + "> names the attribute \"" + written + "\", which can't be one; write "
                        + (element.equals("account") ? "mail" : "names with commas between them, such as mail, uid"));
            }
            return written;
        }

        private Optional<MailAddress> contact() throws FaultException {
            Optional<String> written = one("contact");
            if (written.isEmpty()) {
                return Optional.empty();
            }
            try {
                return Optional.of(new MailAddress(written.get().toLowerCase(Locale.ROOT)));
            } catch (AddressException noAddress) {
                throw fault(
                        "<contact>" + written.get() + "</contact> is no address; write the <account> of who gets the "
                                + "mail for postmaster and abuse, such as admin@example.com");
            }
        }

        private int number(String element, int byDefault, int most) throws FaultException {
            Optional<String> written = one(element);
            if (written.isEmpty()) {
                return byDefault;
            }
            if (!written.get().matches("[1-9][0-9]{0,5}") || Integer.parseInt(written.get()) > most) {
                throw fault("<" + element + ">" + written.get() + "</" + element + "> is not a number from 1 to " + most
                        + "; write " + byDefault);
            }
            return Integer.parseInt(written.get());
        }

        private String required(String element, String right) throws FaultException {
            Optional<String> written = one(element);
            if (written.isEmpty()) {
                throw fault("<directory> lacks its <" + element + ">; " + right);
            }
            return written.get();
        }

        private Optional<String> one(String element) {
            return all(element).stream().findFirst().filter(text -> !text.isEmpty());
        }

        private List<String> all(String element) {
            List<String> texts = new ArrayList<>();
            NodeList found = directory.getElementsByTagName(element);
            for (int i = 0; i < found.getLength(); i++) {
                texts.add(found.item(i).getTextContent().strip());
            }
            return texts;
        }

        private FaultException fault(String message) {
            return new FaultException(home.name(home.conf(FILE)) + ": " + message);
        }
    }
}
