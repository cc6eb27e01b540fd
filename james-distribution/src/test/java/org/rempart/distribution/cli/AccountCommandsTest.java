/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rempart.distribution.home.Home;
import org.rempart.distribution.home.TestHome;

/** The groups users, domains, aliases and forwards: what they ask the server, and what they tell of its answers. */
class AccountCommandsTest {
    @TempDir
    Path folder;

    private Home home;
    private FakeAdministration server;

    @BeforeEach
    void start() throws Exception {
        home = TestHome.in(folder).home();
        server = new FakeAdministration(home);
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private CommandRun run(String... arguments) {
        return CommandRun.of(home, arguments);
    }

    @Test
    void aGroupAloneShowsItsCommands() {
        assertThat(run("users").exitCode()).isEqualTo(2);
        assertThat(run("users").err()).contains("list", "add", "remove", "password");
    }

    @Test
    void accountsAreListedOneALineOrAsJson() {
        server.answer("GET /users", 200, "[{\"username\":\"a@example.com\"},{\"username\":\"b@example.com\"}]");

        assertThat(run("users", "list").out().lines()).containsExactly("a@example.com", "b@example.com");
        assertThat(run("users", "list", "--json").out()).contains("\"username\" : \"b@example.com\"");
    }

    @Test
    void aPasswordIsChangedOfAnAccountThatIsThereOnly() throws Exception {
        server.answer("HEAD /users/b%40example.com", 404, "");

        assertThat(CommandRun.withInput(home, "new\n", "users", "password", "a@example.com")
                        .exitCode())
                .isZero();
        CommandRun absent = CommandRun.withInput(home, "new\n", "users", "password", "b@example.com");

        assertThat(absent.exitCode()).isEqualTo(1);
        assertThat(absent.err()).contains("there is no account b@example.com");
        assertThat(server.requests())
                .containsExactly(
                        "HEAD /users/a%40example.com",
                        "PUT /users/a%40example.com?force {\"password\":\"new\"}", "HEAD /users/b%40example.com");
    }

    @Test
    void whichContactsOfItsDomainAnAccountHasIsTold() throws Exception {
        server.answer(
                        "GET /mappings/user/postmaster%40example.com",
                        200, "[{\"type\":\"Alias\",\"mapping\":\"a@example.com\"}]")
                .answer(
                        "GET /mappings/user/abuse%40example.com",
                        200, "[{\"type\":\"Group\",\"mapping\":\"admins@example.com\"}]");

        CommandRun first = CommandRun.withInput(home, "secret\n", "users", "add", "A@example.com");

        assertThat(first.exitCode()).isZero();
        assertThat(first.out())
                .contains("Mail for postmaster@example.com goes to it")
                .doesNotContain("abuse@");
        // The server gives them.
        assertThat(server.requests()).noneMatch(request -> request.startsWith("PUT /address/"));
    }

    @Test
    void anAccountGoesWithoutItsMailboxesUnlessTheyAreNamed() throws Exception {
        run("users", "remove", "a@example.com");
        run("users", "remove", "--with-mailboxes", "b@example.com");

        assertThat(server.requests())
                .containsExactly(
                        "HEAD /users/a%40example.com",
                        "DELETE /users/a%40example.com",
                        "HEAD /users/b%40example.com",
                        "DELETE /users/b%40example.com/mailboxes",
                        "DELETE /users/b%40example.com");
    }

    @Test
    void whatIsWrongWithAnAddressIsToldWhole() {
        server.answer(
                "PUT /users/a%40example.org",
                400,
                "{\"statusCode\":400,\"type\":\"InvalidArgument\",\"message\":\"Username supplied is invalid\","
                        + "\"details\":\"Domain does not exist in DomainList\"}");

        CommandRun run = CommandRun.withInput(home, "x\n", "users", "add", "a@example.org");

        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.err()).contains("Username supplied is invalid: Domain does not exist in DomainList");
    }

    @Test
    void aDomainWithAccountsStays() throws Exception {
        server.answer("GET /users", 200, "[{\"username\":\"a@example.com\"},{\"username\":\"a@sub.example.com\"}]");

        CommandRun kept = run("domains", "remove", "EXAMPLE.com");
        CommandRun removed = run("domains", "remove", "other.com");

        assertThat(kept.exitCode()).isEqualTo(1);
        assertThat(kept.err()).contains("has 1 accounts");
        assertThat(removed.exitCode()).isZero();
        assertThat(server.requests())
                .contains("DELETE /domains/other.com")
                .doesNotContain("DELETE /domains/EXAMPLE.com");
    }

    @Test
    void aDomainThatIsNotThereCannotBeRemoved() {
        server.answer("GET /domains/other.com", 404, "{\"message\":\"not in the list\"}");

        CommandRun run = run("domains", "remove", "other.com");

        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.err()).contains("other.com is none of the domains");
    }

    @Test
    void aliasesOfAllTargetsAreListed() {
        server.answer("GET /address/aliases", 200, "[\"a@example.com\",\"b@example.com\"]")
                .answer("GET /address/aliases/a%40example.com", 200, "[{\"source\":\"sales@example.com\"}]")
                .answer(
                        "GET /address/aliases/b%40example.com",
                        200, "[{\"source\":\"sales@example.com\"},{\"source\":\"info@example.com\"}]");

        assertThat(run("aliases", "list").out().lines())
                .containsExactly(
                        "sales@example.com a@example.com",
                        "sales@example.com b@example.com",
                        "info@example.com b@example.com");
        assertThat(run("aliases", "list", "--json").out())
                .contains("\"address\" : \"info@example.com\"", "\"target\" : \"b@example.com\"");
    }

    @Test
    void anAliasThatIsNotThereCannotBeRemoved() throws Exception {
        server.answer("GET /address/aliases", 200, "[\"a@example.com\"]")
                .answer("GET /address/aliases/a%40example.com", 200, "[{\"source\":\"sales@example.com\"}]");

        CommandRun other = run("aliases", "remove", "info@example.com", "a@example.com");
        CommandRun there = run("aliases", "remove", "sales@example.com", "a@example.com");

        assertThat(other.exitCode()).isEqualTo(1);
        assertThat(other.err()).contains("mail for info@example.com does not go to a@example.com");
        assertThat(there.exitCode()).isZero();
        assertThat(server.requests())
                .filteredOn(request -> request.startsWith("DELETE"))
                .containsExactly("DELETE /address/aliases/a%40example.com/sources/sales%40example.com");
    }

    private void knows(String domain, String... accounts) {
        server.otherwise(404, "").answer("GET /domains/" + domain, 204, "");
        for (String account : accounts) {
            server.answer("HEAD /users/" + account, 200, "");
        }
    }

    @Test
    void anAccountsMailIsSentOnToAnotherServer() throws Exception {
        knows("example.com", "a%40example.com");
        String route = "PUT /address/forwards/a%40example.com/targets/";
        server.answer(route + "x%40other.org", 204, "")
                .answer(route + "a%40example.com", 204, "")
                .answer(
                        "GET /mappings/user/a%40example.com",
                        200, "[{\"type\":\"Forward\",\"mapping\":\"x@other.org\"}]");

        CommandRun run = run("forwards", "add", "a@example.com", "x@other.org");

        assertThat(run.exitCode()).as(run.err()).isZero();
        assertThat(run.out())
                .contains("is sent on to x@other.org", "no copy", "forwards add a@example.com a@example.com");
        assertThat(server.requests()).contains(route + "x%40other.org");

        server.answer(
                "GET /mappings/user/a%40example.com", 200, "[{\"type\":\"Forward\",\"mapping\":\"a@example.com\"}]");
        assertThat(run("forwards", "add", "a@example.com", "a@example.com").out())
                .doesNotContain("no copy");
    }

    @Test
    void soIsTheMailOfAnAddressThatIsNoAccount() throws Exception {
        knows("example.com");
        server.answer("POST /mappings/address/sales%40example.com/targets/x%40other.org", 204, "");

        assertThat(run("forwards", "add", "sales@example.com", "x@other.org").exitCode())
                .isZero();
        CommandRun foreign = run("forwards", "add", "b@other.org", "x@other.org");
        assertThat(foreign.exitCode()).isEqualTo(1);
        assertThat(foreign.err()).contains("b@other.org is in none of the domains");
    }

    @Test
    void noForwardIsMadeToTheOutsideWhereThePolicyRefusesIt() throws Exception {
        knows("example.com", "a%40example.com");
        server.answer("PUT /address/forwards/a%40example.com/targets/b%40example.com", 204, "")
                .answer("GET /mappings/user/a%40example.com", 200, "[]");
        java.nio.file.Files.writeString(
                home.conf("rempart.xml"), "<policy>\n  <forwards outside='refuse'/>\n</policy>");

        CommandRun outside = run("forwards", "add", "a@example.com", "x@other.org");
        CommandRun inside = run("forwards", "add", "a@example.com", "b@example.com");

        assertThat(outside.exitCode()).isEqualTo(1);
        assertThat(outside.err()).contains("<forwards outside=\"refuse\"/> (rempart.xml:2:3)", "outside=\"allow\"");
        assertThat(inside.exitCode()).as(inside.err()).isZero();
        assertThat(server.requests()).noneMatch(request -> request.contains("other.org") && !request.startsWith("GET"));
    }

    @Test
    void forwardsOfBothKindsAreListedAndRemoved() throws Exception {
        server.answer(
                        "GET /mappings",
                        200,
                        "{\"a@example.com\":[{\"type\":\"Forward\",\"mapping\":\"x@other.org\"},"
                                + "{\"type\":\"Alias\",\"mapping\":\"b@example.com\"}],"
                                + "\"sales@example.com\":[{\"type\":\"Address\",\"mapping\":\"y@other.org\"}]}")
                .answer(
                        "GET /mappings/user/a%40example.com",
                        200, "[{\"type\":\"Forward\",\"mapping\":\"x@other.org\"}]")
                .answer(
                        "GET /mappings/user/sales%40example.com",
                        200, "[{\"type\":\"Address\",\"mapping\":\"y@other.org\"}]");

        assertThat(run("forwards", "list").out().lines())
                .containsExactly("a@example.com x@other.org", "sales@example.com y@other.org");
        assertThat(run("forwards", "list", "--json").out()).contains("\"target\" : \"y@other.org\"");
        assertThat(run("forwards", "remove", "a@example.com", "x@other.org").exitCode())
                .isZero();
        assertThat(run("forwards", "remove", "sales@example.com", "y@other.org").exitCode())
                .isZero();
        CommandRun unknown = run("forwards", "remove", "a@example.com", "z@other.org");
        assertThat(unknown.exitCode()).isEqualTo(1);
        assertThat(unknown.err()).contains("is not sent on to z@other.org", "forwards list");
        assertThat(server.requests())
                .filteredOn(request -> request.startsWith("DELETE"))
                .containsExactly(
                        "DELETE /address/forwards/a%40example.com/targets/x%40other.org",
                        "DELETE /mappings/address/sales%40example.com/targets/y%40other.org");
    }

    @Test
    void anotherServersCredentialIsCalledThat() throws Exception {
        java.nio.file.Files.writeString(home.webAdminToken(), "x".repeat(43) + "\n");

        assertThat(run("users", "list").err()).contains("var/webadmin.token is not the credential of the server");
    }
}
