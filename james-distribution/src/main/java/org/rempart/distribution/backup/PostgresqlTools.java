/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.backup;

import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import org.rempart.distribution.home.FaultException;

/** PostgreSQL's own programs, for the server's database. */
public final class PostgresqlTools {
    private static final int USUAL_PORT = 5432;
    private static final String PREFIX = "jdbc:";

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
     * A program with its connection: the password is handed on where no other user sees it.
     *
     * @throws FaultException when the URL names no host and database
     */
    public ProcessBuilder command(String program, String... arguments) throws FaultException {
        URI place;
        try {
            place = URI.create(url.substring(PREFIX.length()));
        } catch (IllegalArgumentException odd) {
            throw new FaultException(
                    "the database's URL " + url + " can't be handed to " + program + "; make the copy yourself");
        }
        if (place.getHost() == null
                || place.getPath() == null
                || place.getPath().length() < 2) {
            throw new FaultException("the database's URL " + url + " names no host and database for " + program
                    + "; make the copy yourself");
        }
        List<String> command = new ArrayList<>(List.of(program));
        command.addAll(List.of(arguments));
        command.add("--host=" + place.getHost().replaceAll("^\\[|\\]$", ""));
        command.add("--port=" + (place.getPort() < 0 ? USUAL_PORT : place.getPort()));
        command.add("--dbname=" + place.getPath().substring(1));
        command.add("--no-password");
        if (!user.isEmpty()) {
            command.add("--username=" + user);
        }
        ProcessBuilder builder = new ProcessBuilder(command);
        if (!password.isEmpty()) {
            builder.environment().put("PGPASSWORD", password);
        }
        return builder;
    }
}
