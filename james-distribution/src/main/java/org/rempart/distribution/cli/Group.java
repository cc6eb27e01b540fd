/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import org.rempart.distribution.home.Home;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** A command that has commands of its own; alone, it shows its usage. */
abstract class Group implements Callable<Integer> {
    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    private final Home home;

    @Spec
    private CommandSpec spec;

    Group(Home home) {
        this.home = home;
    }

    @Override
    public final Integer call() {
        spec.commandLine().usage(err());
        return CommandLine.ExitCode.USAGE;
    }

    final Home home() {
        return home;
    }

    final WebAdminClient server() {
        return new WebAdminClient(home);
    }

    final CommandLine command() {
        return spec.commandLine();
    }

    final PrintWriter out() {
        return spec.commandLine().getOut();
    }

    final PrintWriter err() {
        return spec.commandLine().getErr();
    }

    /** What strangers wrote must not drive the terminal. */
    static String plain(String text) {
        return text.replaceAll("\\p{Cntrl}", "?");
    }

    /** Prints a value as JSON, for programs. */
    final void printJson(Object value) throws JsonProcessingException {
        out().println(JSON.writeValueAsString(value));
        out().flush();
    }
}
