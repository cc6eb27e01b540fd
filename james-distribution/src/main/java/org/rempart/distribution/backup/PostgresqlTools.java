/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.backup;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import org.postgresql.Driver;
import org.rempart.distribution.home.FaultException;

/** PostgreSQL's own programs, for the server's database. */
public final class PostgresqlTools {
    /** What the driver's settings are called in the environment of PostgreSQL's own programs. */
    private static final Map<String, String> SAME = Map.of(
            "PGPORT", "PGPORT",
            "PGDBNAME", "PGDATABASE",
            "sslmode", "PGSSLMODE",
            "sslrootcert", "PGSSLROOTCERT",
            "sslcert", "PGSSLCERT",
            "sslkey", "PGSSLKEY",
            "channelBinding", "PGCHANNELBINDING",
            "gssEncMode", "PGGSSENCMODE",
            "options", "PGOPTIONS");

    private static final Set<String> ANY_SERVER = Set.of("any");
    private static final Set<String> PRIMARY = Set.of("primary", "master");

    private final String url;
    private final String user;
    private final String password;

    /**
     * Programs for one database.
     *
     * @param url the JDBC URL, such as {@code jdbc:postgresql://127.0.0.1:5432/mail}
     * @param user the database's user; empty for the one of the URL or of the system
     * @param password his password; empty for none
     */
    public PostgresqlTools(String url, String user, String password) {
        this.url = url;
        this.user = user;
        this.password = password;
    }

    /**
     * A program that connects as the server does: to the same hosts, with the same demands on their TLS. All is handed on in
     * its environment, where no other user sees it.
     *
     * @throws FaultException when the URL asks for something that these programs can't do, or not in the same way
     */
    public ProcessBuilder command(String program, String... arguments) throws FaultException {
        Properties settings = Driver.parseURL(url, null);
        if (settings == null) {
            throw fault(program, "names no host and database");
        }
        List<String> command = new ArrayList<>(List.of(program));
        command.addAll(List.of(arguments));
        command.add("--no-password");
        ProcessBuilder builder = new ProcessBuilder(command);
        Map<String, String> environment = builder.environment();
        environment.keySet().removeIf(name -> name.startsWith("PG"));
        for (String name : settings.stringPropertyNames()) {
            String value = settings.getProperty(name);
            if (name.equals("PGHOST")) {
                // The brackets tell an IPv6 address from a port, in a URL alone.
                environment.put(name, value.replaceAll("[\\[\\]]", ""));
            } else if (SAME.containsKey(name)) {
                environment.put(SAME.get(name), value);
            } else if (name.equals("ssl")) {
                if (!value.equals("false")) {
                    environment.putIfAbsent("PGSSLMODE", "verify-full");
                }
            } else if (name.equals("targetServerType")) {
                target(environment, program, value);
            } else if (name.toLowerCase(Locale.ROOT).startsWith("ssl")) {
                throw fault(program, "has " + name + ", which " + program + " does not know");
            }
        }
        // Given by itself, it says more than ssl=true does.
        if (settings.getProperty("sslmode") != null) {
            environment.put("PGSSLMODE", settings.getProperty("sslmode"));
        }
        put(environment, "PGUSER", user.isEmpty() ? settings.getProperty("user", "") : user);
        put(environment, "PGPASSWORD", password.isEmpty() ? settings.getProperty("password", "") : password);
        return builder;
    }

    private void target(Map<String, String> environment, String program, String type) throws FaultException {
        if (PRIMARY.contains(type)) {
            environment.put("PGTARGETSESSIONATTRS", "read-write");
        } else if (!ANY_SERVER.contains(type)) {
            throw fault(program, "has targetServerType=" + type);
        }
    }

    private static void put(Map<String, String> environment, String name, String value) {
        if (!value.isEmpty()) {
            environment.put(name, value);
        }
    }

    private FaultException fault(String program, String reason) {
        // The parameters may hold a password.
        return new FaultException("the database's URL " + url.replaceFirst("\\?.*", "") + " can't be handed to "
                + program + ": it " + reason + "; make the copy yourself");
    }
}
