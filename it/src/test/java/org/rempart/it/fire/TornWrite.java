/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it.fire;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/**
 * A program that writes to an embedded database and ends as if it was killed, or reads what is there. It runs with the
 * server's own libraries in a process of its own.
 */
final class TornWrite {
    private TornWrite() {}

    /**
     * {@code write <folder> <rows>} makes a database and adds so many rows, a transaction each, then prints where its log
     * ends; then it adds one row more and ends at once. {@code read <folder>...} prints for each database how many rows
     * it has, or why it does not start.
     */
    public static void main(String[] arguments) throws Exception {
        if (arguments[0].equals("write")) {
            write(Path.of(arguments[1]), Integer.parseInt(arguments[2]));
        } else {
            for (int i = 1; i < arguments.length; i++) {
                System.out.println(read(Path.of(arguments[i])));
            }
        }
    }

    private static void write(Path folder, int rows) throws SQLException, IOException {
        try (Connection connection = DriverManager.getConnection("jdbc:derby:" + folder + ";create=true")) {
            try (Statement statement = connection.createStatement()) {
                statement.execute("CREATE TABLE mail (id INT PRIMARY KEY, text VARCHAR(2000))");
            }
            connection.setAutoCommit(false);
            try (PreparedStatement insert = connection.prepareStatement("INSERT INTO mail VALUES (?, ?)")) {
                for (int row = 1; row <= rows + 1; row++) {
                    insert.setInt(1, row);
                    insert.setString(2, "x".repeat(1900));
                    insert.executeUpdate();
                    connection.commit();
                    if (row == rows) {
                        System.out.println(endOf(log(folder)));
                        System.out.flush();
                    }
                }
            }
            Runtime.getRuntime().halt(0);
        }
    }

    private static String read(Path folder) {
        try (Connection connection = DriverManager.getConnection("jdbc:derby:" + folder);
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("SELECT COUNT(*) FROM mail")) {
            rows.next();
            return String.valueOf(rows.getInt(1));
        } catch (SQLException e) {
            return e.toString().replace('\n', ' ');
        }
    }

    /** The first file of the log. */
    static Path log(Path folder) {
        return folder.resolve("log/log1.dat");
    }

    /** Where the records end: the file was filled with zeros before it was used. */
    static int endOf(Path log) throws IOException {
        byte[] bytes = Files.readAllBytes(log);
        int end = bytes.length;
        while (end > 0 && bytes[end - 1] == 0) {
            end--;
        }
        return end;
    }
}
