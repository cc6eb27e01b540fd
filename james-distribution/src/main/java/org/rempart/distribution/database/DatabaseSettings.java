/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.database;

import java.io.IOException;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import org.rempart.distribution.home.FaultException;
import org.rempart.distribution.home.Home;

/**
 * Which database the server keeps its data in, as {@code conf/james-database.properties} says. An absent file means the
 * embedded one.
 *
 * @param kind the product
 * @param url the JDBC URL
 * @param user the database's user; empty for the embedded database
 * @param password his password; empty when the database asks for none
 * @param connections how many connections are opened at most
 */
public record DatabaseSettings(Kind kind, String url, String user, String password, int connections) {
    /** The configuration file, in the folder conf. */
    public static final String FILE = "james-database.properties";

    private static final String IN_MEMORY = "jdbc:derby:memory:";

    private static final String DIRECTORY = "directory:";

    private static final String URL = "database.url";
    private static final String USER = "database.username";
    private static final String PASSWORD = "database.password";
    private static final String PASSWORD_FILE = "database.passwordFile";
    private static final String CONNECTIONS = "datasource.maxTotal";
    private static final Set<String> KNOWN = Set.of(URL, USER, PASSWORD, PASSWORD_FILE, CONNECTIONS);
    private static final int DEFAULT_CONNECTIONS = 30;
    private static final int FEWEST_CONNECTIONS = 8;

    /** The products that the server keeps its data in. */
    public enum Kind {
        /** Apache Derby, inside the server's own process. */
        DERBY("jdbc:derby:", "org.apache.derby.iapi.jdbc.AutoloadedDriver"),
        /** PostgreSQL, as a server of its own. */
        POSTGRESQL("jdbc:postgresql:", "org.postgresql.Driver");

        private final String prefix;
        private final String driver;

        Kind(String prefix, String driver) {
            this.prefix = prefix;
            this.driver = driver;
        }

        /** The class name of the JDBC driver. */
        public String driver() {
            return driver;
        }

        private static Optional<Kind> of(String url) {
            for (Kind kind : values()) {
                if (url.startsWith(kind.prefix)) {
                    return Optional.of(kind);
                }
            }
            return Optional.empty();
        }
    }

    /**
     * Reads the configuration of a home.
     *
     * @throws FaultException when the file can't be read, or does not say which database
     */
    public static DatabaseSettings of(Home home) throws FaultException {
        Path file = home.conf(FILE);
        if (Files.notExists(file)) {
            return embedded(home);
        }
        Properties properties = new Properties();
        try (Reader reader = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
            properties.load(reader);
        } catch (IOException | IllegalArgumentException unread) {
            throw fault(home, "can't be read (" + unread.getMessage() + ")");
        }
        Set<String> unknown = new TreeSet<>(properties.stringPropertyNames());
        unknown.removeAll(KNOWN);
        if (!unknown.isEmpty()) {
            throw fault(
                    home,
                    "there is no setting " + String.join(", ", unknown) + "; possible are "
                            + String.join(", ", new TreeSet<>(KNOWN)));
        }
        String url = value(properties, URL);
        if (url.isEmpty()) {
            return embedded(home, connections(home, properties));
        }
        Kind kind = Kind.of(url)
                .orElseThrow(() -> fault(
                        home,
                        URL + "=" + url + " is no database that this server can use; write "
                                + "jdbc:postgresql://HOST/DATABASE, or leave it out for the embedded database"));
        return new DatabaseSettings(
                kind, url, value(properties, USER), password(home, properties), connections(home, properties));
    }

    private static DatabaseSettings embedded(Home home) {
        return embedded(home, DEFAULT_CONNECTIONS);
    }

    private static DatabaseSettings embedded(Home home, int connections) {
        return new DatabaseSettings(
                Kind.DERBY, "jdbc:derby:" + home.var("database") + ";create=true", "", "", connections);
    }

    private static String password(Home home, Properties properties) throws FaultException {
        String inline = value(properties, PASSWORD);
        String file = value(properties, PASSWORD_FILE);
        if (file.isEmpty()) {
            return inline;
        }
        if (!inline.isEmpty()) {
            throw fault(home, PASSWORD + " and " + PASSWORD_FILE + " are both given; leave one of them out");
        }
        try {
            return Files.readString(home.folder().resolve(file)).strip();
        } catch (IOException unread) {
            throw fault(
                    home,
                    PASSWORD_FILE + "=" + file + " can't be read (" + unread.getMessage()
                            + "); the path is taken from the server's folder");
        }
    }

    private static int connections(Home home, Properties properties) throws FaultException {
        String value = value(properties, CONNECTIONS);
        if (value.isEmpty()) {
            return DEFAULT_CONNECTIONS;
        }
        try {
            int connections = Integer.parseInt(value);
            if (connections >= FEWEST_CONNECTIONS) {
                return connections;
            }
        } catch (NumberFormatException noNumber) {
            // It is told below, like a number that is too small.
        }
        throw fault(home, CONNECTIONS + "=" + value + "; write a number from " + FEWEST_CONNECTIONS + " on");
    }

    private static String value(Properties properties, String key) {
        return properties.getProperty(key, "").strip();
    }

    private static FaultException fault(Home home, String message) {
        return new FaultException(home.name(home.conf(FILE)) + ": " + message);
    }

    /** Whether all is lost when the server stops: a database that only tests want. */
    public boolean isInMemory() {
        return url.startsWith(IN_MEMORY);
    }

    /** The folder of an embedded database; empty for a database that is in none. */
    Optional<Path> folder() {
        if (kind != Kind.DERBY) {
            return Optional.empty();
        }
        String place = url.substring(Kind.DERBY.prefix.length()).replaceFirst(";.*", "");
        if (place.startsWith(DIRECTORY)) {
            place = place.substring(DIRECTORY.length());
        } else if (place.matches("[a-z]{2,}:.*")) {
            // In memory, in a jar or in the class path.
            return Optional.empty();
        }
        return Optional.of(Path.of(place));
    }

    /** The same, in another folder. */
    DatabaseSettings in(Path other) {
        return new DatabaseSettings(
                kind, Kind.DERBY.prefix + other + url.replaceFirst("[^;]*", ""), user, password, connections);
    }

    /** Without the password. */
    @Override
    public String toString() {
        return kind + " at " + url;
    }
}
