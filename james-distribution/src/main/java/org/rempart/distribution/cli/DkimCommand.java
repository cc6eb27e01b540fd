/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.time.Clock;
import java.time.LocalDate;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.rempart.distribution.checks.Lookup;
import org.rempart.distribution.checks.SigningKeys;
import org.rempart.distribution.checks.SigningKeys.State;
import org.rempart.distribution.home.FaultException;
import org.rempart.distribution.home.Home;
import org.rempart.policy.DomainNames;
import org.rempart.policy.PolicyException;
import org.rempart.policy.Rule;
import org.rempart.policy.dkim.DkimKey;
import org.rempart.policy.dkim.DkimKeyKind;
import org.rempart.policy.dkim.DkimPolicy;
import org.rempart.policy.dkim.DkimPolicy.Sign;
import org.rempart.policy.file.PolicyFile;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The keys that mail is signed with. */
@Command(
        name = "dkim",
        description = "Make and list the keys that mail which leaves is signed with (DKIM).",
        footer = {"", "What is signed, <dkim> in conf/rempart.xml says."})
final class DkimCommand extends Group {
    private static final String FOLDER = "conf/dkim";
    private static final String SUFFIX = ".pem";
    private static final Set<DkimKeyKind> KINDS = EnumSet.allOf(DkimKeyKind.class);

    /** The longest string of a TXT record (RFC 1035, section 3.3). */
    private static final int LONGEST_STRING = 255;

    private final Resolvers resolvers;
    private final Clock clock;

    /** Knows which resolvers to ask. */
    @FunctionalInterface
    interface Resolvers {
        /** @throws FaultException when the configuration names none that can be asked */
        Lookup find() throws FaultException;
    }

    DkimCommand(Home home, Resolvers resolvers, Clock clock) {
        super(home);
        this.resolvers = resolvers;
        this.clock = clock;
    }

    /** Makes the first keys of a domain. */
    @Command(
            name = "new",
            description = "Make an RSA and an Ed25519 key for a domain, and print the DNS records and the lines for"
                    + " conf/rempart.xml. Nothing is signed with them before they stand there.")
    int make(
            @Parameters(paramLabel = "DOMAIN", description = "such as example.com") String written,
            @Option(names = "--kind", paramLabel = "KIND", description = "rsa or ed25519 alone") String kind)
            throws IOException {
        String domain = domain(written);
        List<Sign> used = used(domain);
        if (!used.isEmpty()) {
            throw new IOException("mail of " + domain + " is signed already: " + used.get(0)
                    + "; bin/rempart dkim rotate " + domain + " makes the keys that follow");
        }
        Set<DkimKeyKind> kinds = kind == null
                ? KINDS
                : EnumSet.of(DkimKeyKind.ofKeyword(kind.toLowerCase(Locale.ROOT))
                        .orElseThrow(
                                () -> new IOException("there is no kind " + plain(kind) + "; write rsa or ed25519")));
        print(domain, make(domain, kinds), used);
        return 0;
    }

    /** Makes the keys that follow those of a domain. */
    @Command(
            description =
                    "Make new keys for a domain, of the kinds that it has, and print what to do. The old ones sign"
                            + " until the new ones stand in conf/rempart.xml.")
    int rotate(@Parameters(paramLabel = "DOMAIN", description = "such as example.com") String written)
            throws IOException {
        String domain = domain(written);
        List<Sign> used = used(domain);
        if (used.isEmpty()) {
            throw new IOException(
                    "mail of " + domain + " is not signed; bin/rempart dkim new " + domain + " makes its first keys");
        }
        Set<DkimKeyKind> kinds = EnumSet.noneOf(DkimKeyKind.class);
        for (Sign rule : used) {
            kinds.add(SigningKeys.read(home(), rule).kind());
        }
        print(domain, make(domain, kinds), used);
        return 0;
    }

    /** Lists the keys. */
    @Command(
            description =
                    "List the keys, whether conf/rempart.xml names them, and whether the DNS has them: exit code 1"
                            + " when it lacks one that mail is signed with.")
    int list(
            @Parameters(arity = "0..1", paramLabel = "DOMAIN", description = "only those of a domain") String written,
            @Option(
                            names = "--json",
                            description = "as JSON: [{\"domain\", \"selector\", \"kind\", \"key\", \"signs\", \"dns\","
                                    + " \"record\"}, …]")
                    boolean json)
            throws IOException, FaultException {
        Lookup lookup = resolvers.find();
        List<Map<String, Object>> listed = new ArrayList<>();
        boolean lacking = false;
        List<Sign> signing = policy().rules();
        for (Sign rule : all(signing)) {
            if (written != null && !rule.domain().equals(domain(written))) {
                continue;
            }
            DkimKey key = SigningKeys.read(home(), rule);
            boolean signs = signing.contains(rule);
            String state;
            try {
                State found = SigningKeys.state(lookup, rule.recordName(), key);
                state = found.name().toLowerCase(Locale.ROOT);
                lacking |= signs && found != State.PUBLISHED;
            } catch (IOException unanswered) {
                state = "unknown";
                err().println("rempart: the DNS does not answer for " + rule.recordName() + " ("
                        + unanswered.getMessage() + ")");
            }
            Map<String, Object> one = new LinkedHashMap<>();
            one.put("domain", rule.domain());
            one.put("selector", rule.selector());
            one.put("kind", key.kind().keyword());
            one.put("key", rule.keyFile());
            one.put("signs", signs);
            one.put("dns", state);
            one.put("record", key.record());
            listed.add(one);
            if (!json) {
                out().println(rule.domain() + " " + rule.selector() + " "
                        + key.kind().keyword() + " " + rule.keyFile() + (signs ? " signs" : " unused") + ", DNS: "
                        + state);
                if (!state.equals("published")) {
                    printRecord(rule, key);
                }
            }
        }
        if (json) {
            printJson(listed);
        }
        return lacking ? 1 : 0;
    }

    /** Those of the policy, and the files that it does not name yet, or no more. */
    private List<Sign> all(List<Sign> signing) throws IOException {
        List<Sign> all = new ArrayList<>(signing);
        Path folder = home().folder().resolve(FOLDER);
        if (!Files.isDirectory(folder)) {
            return all;
        }
        List<String> names;
        try (Stream<Path> files = Files.list(folder)) {
            names = files.map(file -> String.valueOf(file.getFileName()))
                    .sorted()
                    .toList();
        }
        for (String name : names) {
            String file = FOLDER + "/" + name;
            int dot = name.indexOf('.');
            boolean named = signing.stream().anyMatch(rule -> rule.keyFile().equals(file));
            if (!named && name.endsWith(SUFFIX) && dot < name.length() - SUFFIX.length()) {
                all.add(Sign.of(
                        name.substring(dot + 1, name.length() - SUFFIX.length()),
                        name.substring(0, dot),
                        file,
                        Rule.from(file, "no <sign>")));
            }
        }
        return all;
    }

    private static String domain(String written) throws IOException {
        return DomainNames.parse(written)
                .orElseThrow(() -> new IOException(plain(written) + " is no domain; write example.com"));
    }

    private List<Sign> used(String domain) throws IOException {
        return policy().rules().stream()
                .filter(rule -> rule.domain().equals(domain))
                .toList();
    }

    private DkimPolicy policy() throws IOException {
        try {
            return PolicyFile.read(home().conf("rempart.xml")).dkim();
        } catch (PolicyException fault) {
            throw new IOException("conf/" + fault.getMessage(), fault);
        }
    }

    private Map<Sign, DkimKey> make(String domain, Set<DkimKeyKind> kinds) throws IOException {
        Path folder = home().folder().resolve(FOLDER);
        if (!Files.isDirectory(folder)) {
            Files.createDirectories(folder.getParent());
            Files.createDirectory(folder, attributes(folder, "rwx------"));
        }
        String date = DateTimeFormatter.BASIC_ISO_DATE.format(LocalDate.now(clock));
        Map<Sign, DkimKey> made = new LinkedHashMap<>();
        for (DkimKeyKind kind : kinds) {
            DkimKey key;
            try {
                key = DkimKey.generate(kind);
            } catch (GeneralSecurityException unknown) {
                throw new IOException("this Java makes no " + kind.keyword() + " keys", unknown);
            }
            String selector = kind.keyword().charAt(0) + date;
            for (char next = 'b'; !write(folder, selector + "." + domain + SUFFIX, key); next++) {
                if (next > 'z') {
                    throw new IOException(FOLDER + "/ has many keys of " + domain + " of today; remove what is unused");
                }
                selector = kind.keyword().charAt(0) + date + next;
            }
            String file = FOLDER + "/" + selector + "." + domain + SUFFIX;
            made.put(Sign.of(domain, selector, file, Rule.from(file, "new")), key);
        }
        return made;
    }

    /** Only the server's user can ever read it. */
    private static boolean write(Path folder, String name, DkimKey key) throws IOException {
        Path file = folder.resolve(name);
        try {
            Files.createFile(file, attributes(folder, "rw-------"));
        } catch (FileAlreadyExistsException taken) {
            return false;
        }
        Files.writeString(file, key.pem(), StandardCharsets.US_ASCII);
        return true;
    }

    private static FileAttribute<?>[] attributes(Path folder, String mode) {
        return folder.getFileSystem().supportedFileAttributeViews().contains("posix")
                ? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(mode))}
                : new FileAttribute<?>[0];
    }

    private void print(String domain, Map<Sign, DkimKey> made, List<Sign> old) {
        made.keySet().forEach(rule -> out().println("Made " + rule.keyFile() + "."));
        out().println();
        out().println("1. Make these records in the DNS of " + domain + ":");
        out().println();
        made.forEach(this::printRecord);
        out().println();
        out().println("2. When bin/rempart dkim list " + domain
                + " says that they are published, put these lines into <dkim>"
                + " of conf/rempart.xml"
                + (old.isEmpty() ? ":" : " and remove those of the old keys. Until then the old keys sign:"));
        out().println();
        made.keySet()
                .forEach(rule -> out().println("  <sign domain=\"" + domain + "\" selector=\"" + rule.selector()
                        + "\" key=\"" + rule.keyFile() + "\"/>"));
        out().println();
        out().println("3. Restart the server.");
        if (!old.isEmpty()) {
            out().println();
            out().println(
                            "4. A week later, when no mail that the old keys have signed is under way any more, remove their"
                                    + " records and files:");
            old.forEach(rule -> out().println("  " + rule.recordName() + ", " + rule.keyFile()));
        }
    }

    /** As a line of a zone file; a string of it is not as long as a key. */
    private void printRecord(Sign rule, DkimKey key) {
        String text = key.record();
        StringBuilder strings = new StringBuilder();
        for (int start = 0; start < text.length(); start += LONGEST_STRING) {
            strings.append(start == 0 ? "" : " ")
                    .append('"')
                    .append(text, start, Math.min(start + LONGEST_STRING, text.length()))
                    .append('"');
        }
        out().println("  " + rule.recordName() + ". IN TXT " + strings);
    }
}
