/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.server;

import com.google.inject.AbstractModule;
import com.google.inject.Provides;
import com.google.inject.Singleton;
import java.io.IOException;
import java.util.regex.Pattern;
import org.apache.james.webadmin.authentication.AuthenticationFilter;
import org.rempart.distribution.home.Home;
import org.rempart.distribution.home.WebAdminToken;
import spark.Request;
import spark.Response;
import spark.Spark;

/** Asks for the generated token everywhere in the administration interface, save for whether the server is well. */
final class WebAdminModule extends AbstractModule {
    private final Home home;

    WebAdminModule(Home home) {
        this.home = home;
    }

    @Provides
    @Singleton
    AuthenticationFilter authenticationFilter() throws IOException {
        return new TokenFilter(WebAdminToken.in(home.webAdminToken()));
    }

    private record TokenFilter(WebAdminToken token) implements AuthenticationFilter {
        private static final String BEARER = "Bearer ";

        /** As it was sent: routes are found by the same. */
        private static final Pattern OPEN = Pattern.compile("/healthcheck(?:/checks(?:/[^/;]*)?)?/?");

        @Override
        public void handle(Request request, Response response) {
            if (OPEN.matcher(request.uri()).matches()) {
                return;
            }
            String claimed = request.headers("Authorization");
            if (claimed == null || !claimed.startsWith(BEARER) || !token.is(claimed.substring(BEARER.length()))) {
                response.header("WWW-Authenticate", "Bearer");
                Spark.halt(401, "{\"statusCode\":401,\"type\":\"Unauthorized\"}");
            }
            request.attribute(LOGIN, "admin");
        }
    }
}
