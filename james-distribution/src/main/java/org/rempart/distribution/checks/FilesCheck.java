/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.checks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.UserPrincipal;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.rempart.distribution.home.Home;

/** Who may read the secrets, who may change the configuration, and whether the server can write where it must. */
final class FilesCheck implements Check {
    private static final List<String> SECRETS_IN_CONF =
            List.of("tls/private-key.pem", "james-database.properties", "usersrepository.xml", "directory.password");

    /** A setting in a line that is no comment. */
    private static final Pattern SECRET =
            Pattern.compile("(?im)^[^#\\n]*(password|credentials)[ \\t]*=[ \\t]*\"?[^\\s\"]");

    @Override
    public String name() {
        return "files";
    }

    @Override
    public List<Finding> look(Patient patient) throws IOException {
        Home home = patient.home();
        Path var = home.var("");
        List<Finding> findings = new ArrayList<>();
        if (!Files.isDirectory(var)) {
            return List.of(Finding.fault("var/ is not there", "make it, and let the server's user own it"));
        }
        if (!var.getFileSystem().supportedFileAttributeViews().contains("posix")) {
            return List.of(Finding.warning("the file system of var/ has no owners and modes", "use another one"));
        }
        for (String secret : SECRETS_IN_CONF) {
            secret(home, home.conf(secret), findings);
        }
        signingKeys(home, findings);
        secret(home, home.webAdminToken(), findings);
        closed(home, home.var("blobs"), findings);
        closed(home, home.var("database"), findings);
        unchanged(home, findings);
        writable(home, var, findings);
        owners(home, var, patient, findings);
        if (findings.isEmpty()) {
            findings.add(Finding.ok("secrets are read by the server's user alone, who can write to var/"));
        }
        return findings;
    }

    /** Passwords in a configuration file that has none hurt nobody; the keys and the token always do. */
    private static void secret(Home home, Path file, List<Finding> findings) throws IOException {
        if (!Files.exists(file)) {
            return;
        }
        boolean settings = !file.toString().endsWith(".pem")
                && !file.endsWith("directory.password")
                && !file.equals(home.webAdminToken());
        if (settings && !SECRET.matcher(Files.readString(file)).find()) {
            return;
        }
        if (attributes(file).permissions().contains(PosixFilePermission.OTHERS_READ)) {
            findings.add(Finding.fault(
                    home.name(file) + " holds a secret, and every user of this machine can read it",
                    "chmod o= " + home.name(file)));
        }
    }

    /** Who has one writes as the domain, for all who verify. */
    private static void signingKeys(Home home, List<Finding> findings) throws IOException {
        Path folder = home.conf("dkim");
        if (Files.isDirectory(folder)) {
            try (Stream<Path> files = Files.list(folder)) {
                for (Path file :
                        (Iterable<Path>) files.filter(name -> name.toString().endsWith(".pem"))::iterator) {
                    secret(home, file, findings);
                }
            }
        }
    }

    /** The mail of all accounts lies there. */
    private static void closed(Home home, Path folder, List<Finding> findings) throws IOException {
        if (!Files.isDirectory(folder)) {
            return;
        }
        Set<PosixFilePermission> open = attributes(folder).permissions();
        if (open.contains(PosixFilePermission.OTHERS_READ) || open.contains(PosixFilePermission.OTHERS_EXECUTE)) {
            findings.add(Finding.fault(
                    home.name(folder) + "/ holds mail, and every user of this machine can look into it",
                    "chmod -R o= " + home.name(folder)));
        }
    }

    /** Who can change these becomes the server's user. */
    private static void unchanged(Home home, List<Finding> findings) throws IOException {
        for (String part : List.of("conf", "bin", "lib", "extensions-jars")) {
            Path folder = home.folder().resolve(part);
            if (!Files.isDirectory(folder)) {
                continue;
            }
            try (Stream<Path> files = Files.walk(folder)) {
                for (Path file : (Iterable<Path>) files::iterator) {
                    if (!Files.isSymbolicLink(file)
                            && attributes(file).permissions().contains(PosixFilePermission.OTHERS_WRITE)) {
                        findings.add(Finding.fault(
                                home.name(file) + " can be changed by every user of this machine",
                                "chmod o-w " + home.name(file)));
                    }
                }
            }
        }
    }

    private static void writable(Home home, Path var, List<Finding> findings) {
        for (Path folder : List.of(var, home.var("log"))) {
            try {
                Files.delete(Files.createTempFile(folder, "doctor", ".probe"));
            } catch (NoSuchFileException absent) {
                // The server makes it.
            } catch (IOException refused) {
                findings.add(Finding.fault(
                        home.name(folder) + "/ can't be written to (" + refused.getMessage() + ")",
                        "run this as the server's user, and let that one own var/: chown -R USER var"));
            }
        }
    }

    private static void owners(Home home, Path var, Patient patient, List<Finding> findings) throws IOException {
        UserPrincipal owner = attributes(var).owner();
        try (Stream<Path> files = Files.walk(var, 2)) {
            for (Path file : (Iterable<Path>) files::iterator) {
                UserPrincipal other;
                try {
                    other = attributes(file).owner();
                } catch (NoSuchFileException gone) {
                    continue;
                }
                if (!other.equals(owner)) {
                    findings.add(Finding.fault(
                            home.name(file) + " belongs to " + other.getName() + ", var/ to " + owner.getName(),
                            "run bin/rempart as one user always; chown -R " + owner.getName() + " var"));
                    break;
                }
            }
        }
        String user =
                patient.process().flatMap(process -> process.info().user()).orElse("");
        if (!user.isEmpty() && !user.equals(owner.getName())) {
            findings.add(Finding.fault(
                    "the server runs as " + user + ", but var/ belongs to " + owner.getName(),
                    "stop it, chown -R " + owner.getName() + " var, and start it as " + owner.getName()));
        } else if (user.equals("root")) {
            findings.add(Finding.warning(
                    "the server runs as root",
                    "run it as a user of its own, and give that one the low ports: "
                            + "AmbientCapabilities=CAP_NET_BIND_SERVICE"));
        }
    }

    private static PosixFileAttributes attributes(Path file) throws IOException {
        return Files.readAttributes(file, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    }
}
