/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import java.io.ByteArrayInputStream;
import java.io.File;
import java.io.FileInputStream;
import java.io.InputStream;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.commons.configuration2.BaseConfiguration;
import org.apache.commons.configuration2.ex.ConfigurationException;
import org.apache.james.core.Domain;
import org.apache.james.core.MailAddress;
import org.apache.james.core.MaybeSender;
import org.apache.james.core.Username;
import org.apache.james.dnsservice.api.DNSService;
import org.apache.james.domainlist.api.DomainList;
import org.apache.james.domainlist.api.DomainListException;
import org.apache.james.filesystem.api.FileSystem;
import org.apache.james.protocols.api.ProtocolSession.AttachmentKey;
import org.apache.james.protocols.smtp.SMTPConfiguration;
import org.apache.james.protocols.smtp.SMTPSession;
import org.apache.james.protocols.smtp.hook.HookResult;
import org.apache.james.rrt.api.CanSendFrom;
import org.apache.james.rrt.api.RecipientRewriteTable;
import org.apache.james.rrt.api.RecipientRewriteTableException;
import org.apache.james.rrt.lib.MappingsImpl;
import org.apache.james.server.core.MailImpl;
import org.apache.james.server.core.MimeMessageSource;
import org.apache.james.user.api.UsersRepository;
import org.apache.james.user.api.UsersRepositoryException;
import org.apache.mailet.Mail;
import org.rempart.policy.ledger.MemorySubmissionLedger;
import org.rempart.policy.ledger.MemoryUnusualUseLedger;
import org.rempart.policy.server.ServerPolicy;

/** What a submission hook meets, without a server: sessions, mails, a directory. */
final class SubmissionFakes {
    private SubmissionFakes() {}

    private static <T> T proxy(Class<T> type, InvocationHandler handler) {
        return type.cast(
                Proxy.newProxyInstance(SubmissionFakes.class.getClassLoader(), new Class<?>[] {type}, handler));
    }

    /** A connection, of which only the parts exist that a hook may rely on. */
    static final class Session {
        final Map<Object, Object> attachments = new HashMap<>();
        String account;
        String client = "192.0.2.1";
        boolean swallowing;

        Session account(String name) {
            account = name;
            return this;
        }

        Session client(String address) {
            client = address;
            return this;
        }

        SMTPSession get() {
            return proxy(SMTPSession.class, (self, method, arguments) -> {
                switch (method.getName()) {
                    case "getUsername":
                        return account == null ? null : Username.of(account);
                    case "getRemoteAddress":
                        return new InetSocketAddress(client, 40000);
                    case "getLocalAddress":
                        return new InetSocketAddress(InetAddress.getLoopbackAddress(), 587);
                    case "getConfiguration":
                        return proxy(SMTPConfiguration.class, (configuration, asked, none) -> {
                            if (asked.getName().equals("getHelloName")) {
                                return "mx.ours.example";
                            }
                            throw new UnsupportedOperationException(asked.getName());
                        });
                    case "getSessionID":
                        return "s-1";
                    case "getSSLSession":
                        return Optional.empty();
                    case "getAttachment":
                        return Optional.ofNullable(attachments.get(arguments[0]));
                    case "setAttachment":
                        return Optional.ofNullable(attachments.put(arguments[0], arguments[1]));
                    case "removeAttachment":
                        return Optional.ofNullable(attachments.remove(arguments[0]));
                    case "resetState":
                    case "setRelayingAllowed":
                        return null;
                    case "isAuthAnnounced":
                        return false;
                    case "pushLineHandler":
                        swallowing = true;
                        return null;
                    default:
                        throw new UnsupportedOperationException(method.getName());
                }
            });
        }

        <T> Session with(AttachmentKey<T> key, T value) {
            attachments.put(key, value);
            return this;
        }
    }

    /** A directory: the accounts alice and bob and the alias info of alice in ours.example; bob+lists is an alias of bob. */
    static final class Directory {
        /** The TXT records of names. */
        final Map<String, List<String>> texts = new HashMap<>();

        final Set<String> accounts = new HashSet<>(List.of("alice@ours.example", "bob@ours.example"));
        final Map<String, String> aliases = new HashMap<>(
                Map.of("info@ours.example", "alice@ours.example", "alice+lists@ours.example", "bob@ours.example"));
        /** Aliases that are groups: no member may write as them. */
        final Set<String> grouped = new HashSet<>();

        boolean virtualHosting = true;
        boolean domainsDown;
        int domainsAsked;
        boolean usersDown;
        boolean mappingsDown;

        UsersRepository users() {
            return proxy(UsersRepository.class, (self, method, arguments) -> {
                if (usersDown) {
                    throw new UsersRepositoryException("down");
                }
                switch (method.getName()) {
                    case "getUsername":
                        MailAddress address = (MailAddress) arguments[0];
                        return Username.of(virtualHosting ? address.asString() : address.getLocalPart());
                    case "supportVirtualHosting":
                        return virtualHosting;
                    case "contains":
                        return accounts.contains(((Username) arguments[0]).asString());
                    default:
                        throw new UnsupportedOperationException(method.getName());
                }
            });
        }

        DomainList domains() {
            return proxy(DomainList.class, (self, method, arguments) -> {
                domainsAsked++;
                if (domainsDown) {
                    throw new DomainListException("down");
                }
                return ((Domain) arguments[0]).asString().equals("ours.example")
                        || ((Domain) arguments[0]).asString().equals("xn--bcher-kva.example");
            });
        }

        CanSendFrom canSendFrom() {
            return proxy(CanSendFrom.class, (self, method, arguments) -> {
                String account = ((Username) arguments[0]).asString();
                String from = ((Username) arguments[1]).asString();
                // James answers no where it can't read the tables.
                return account.equals(from)
                        || (!mappingsDown && !grouped.contains(from) && account.equals(aliases.get(from)));
            });
        }

        RecipientRewriteTable mappings() {
            return proxy(RecipientRewriteTable.class, (self, method, arguments) -> {
                if (mappingsDown) {
                    throw new RecipientRewriteTableException("down");
                }
                String target = aliases.get(arguments[0] + "@" + ((Domain) arguments[1]).asString());
                return target == null ? MappingsImpl.empty() : MappingsImpl.fromRawString("alias:" + target);
            });
        }

        OwnSenderHook ownSenderHook(String policy) throws ConfigurationException {
            return init(
                    new OwnSenderHook(users(), canSendFrom(), mappings(), domains(), SubmissionFakes.policy(policy)));
        }

        SpoofedSenderHook spoofedSenderHook(String policy) throws ConfigurationException {
            return init(new SpoofedSenderHook(domains(), dns(), SubmissionFakes.policy(policy)));
        }

        SenderProofHook senderProofHook(String policy) throws ConfigurationException {
            return init(new SenderProofHook(dns(), SubmissionFakes.policy(policy), () -> null));
        }

        private DNSService dns() {
            return proxy(DNSService.class, (self, method, arguments) -> {
                switch (method.getName()) {
                    case "findTXTRecords":
                        return texts.getOrDefault(arguments[0], List.of());
                    case "getAllByName":
                    case "findMXRecords":
                        return List.of();
                    default:
                        throw new UnsupportedOperationException(method.getName());
                }
            });
        }

        OwnFromHook ownFromHook(String policy) throws ConfigurationException {
            return init(new OwnFromHook(users(), canSendFrom(), mappings(), domains(), SubmissionFakes.policy(policy)));
        }
    }

    static <T extends PolicyHook> T init(T hook) throws ConfigurationException {
        hook.init(new BaseConfiguration());
        return hook;
    }

    /** Of a server whose policy file has this content: a whole policy, or what stands inside {@code <submission>}. */
    static ServerPolicy policy(String submission) {
        return submission.startsWith("<policy") ? new ServerPolicy(file(submission)) : policy(submission, "");
    }

    /** The same, with what stands beside {@code <submission>}. */
    static ServerPolicy policy(String submission, String beside) {
        return new ServerPolicy(file("<policy>" + beside + "<submission>" + submission + "</submission></policy>"));
    }

    private static FileSystem file(String policy) {
        byte[] content = policy.getBytes(StandardCharsets.UTF_8);
        return proxy(FileSystem.class, (self, method, arguments) -> {
            switch (method.getName()) {
                case "getResource":
                    return new ByteArrayInputStream(content);
                case "getBasedir":
                    return new File("no such folder");
                default:
                    break;
            }
            throw new UnsupportedOperationException(method.getName());
        });
    }

    /** Watches accounts of a policy that notices nothing. */
    static UnusualUseWatch watch() {
        AccountActivity activity = new AccountActivity();
        return new UnusualUseWatch(
                new MemorySubmissionLedger(),
                new MemoryUnusualUseLedger(),
                new PostmasterNotice(
                        () -> {
                            throw new AssertionError("nobody is told anything");
                        },
                        activity,
                        file("<policy/>")));
    }

    /** Tells nobody: no account is there whose owner could be told. */
    static LoginNotice notice() {
        Directory nobody = new Directory();
        nobody.accounts.clear();
        return new LoginNotice(
                nobody.users(),
                new PostmasterNotice(
                        () -> {
                            throw new AssertionError("nobody is told anything");
                        },
                        new AccountActivity(),
                        file("<policy/>")));
    }

    /** Where files lie in this folder. */
    static FileSystem folder(Path home) {
        return proxy(FileSystem.class, (self, method, arguments) -> {
            File file = home.resolve(((String) arguments[0]).substring(FileSystem.FILE_PROTOCOL.length()))
                    .toFile();
            switch (method.getName()) {
                case "getFile":
                    return file;
                case "getResource":
                    return new FileInputStream(file);
                default:
                    throw new UnsupportedOperationException(method.getName());
            }
        });
    }

    static MaybeSender sender(String address) throws Exception {
        return address.isEmpty() ? MaybeSender.nullSender() : MaybeSender.of(new MailAddress(address));
    }

    /** A mail with this raw header (ISO 8859-1, lines end in CRLF) and a small body. */
    static Mail mail(String sender, String... header) throws Exception {
        return mail(sender, (String.join("\r\n", header) + "\r\n\r\nbody\r\n").getBytes(StandardCharsets.ISO_8859_1));
    }

    static Mail mail(String sender, byte[] message) throws Exception {
        MailImpl mail = MailImpl.builder()
                .name("mail-1")
                .sender(sender(sender))
                .addRecipient("someone@foreign.example")
                .build();
        // In memory only, so that nobody need dispose of it.
        mail.setMessageContent(new MimeMessageSource() {
            @Override
            public String getSourceId() {
                return "mail-1";
            }

            @Override
            public InputStream getInputStream() {
                return new ByteArrayInputStream(message);
            }
        });
        return mail;
    }

    /** What the client would be told: the code and the enhanced code; empty where the hook lets pass. */
    static String answer(HookResult result) {
        if (result.getSmtpRetCode() == null) {
            return "";
        }
        return result.getSmtpRetCode() + " "
                + Arrays.stream(result.getSmtpDescription().split(" ")).limit(1).collect(Collectors.joining());
    }
}
