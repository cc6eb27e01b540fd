/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.server;

import com.google.inject.AbstractModule;
import com.google.inject.Provides;
import com.google.inject.Singleton;
import com.google.inject.multibindings.Multibinder;
import java.io.IOException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.james.core.healthcheck.HealthCheck;
import org.apache.james.webadmin.authentication.AuthenticationFilter;
import org.apache.james.webadmin.mdc.LoggingRequestFilter;
import org.rempart.distribution.checks.PolicyHealthCheck;
import org.rempart.distribution.checks.SharedStoreHealthCheck;
import org.rempart.distribution.home.FaultException;
import org.rempart.distribution.home.Home;
import org.rempart.distribution.home.WebAdminToken;
import spark.Request;
import spark.Response;
import spark.Spark;

/** Asks for the generated token everywhere in the administration interface, save for whether the server is well. */
final class WebAdminModule extends AbstractModule {
    private final Home home;
    private final PolicyHealthCheck policy;

    /** @throws FaultException when the policy file can't be read */
    WebAdminModule(Home home) throws FaultException {
        this.home = home;
        this.policy = new PolicyHealthCheck(home);
    }

    @Override
    protected void configure() {
        bind(LoggingRequestFilter.class).to(QuietAnswers.class);
        Multibinder<HealthCheck> checks = Multibinder.newSetBinder(binder(), HealthCheck.class);
        checks.addBinding().toInstance(policy);
        checks.addBinding().to(SharedStoreHealthCheck.class);
    }

    @Provides
    @Singleton
    AuthenticationFilter authenticationFilter() throws IOException {
        return new TokenFilter(WebAdminToken.in(home.webAdminToken()));
    }

    private record TokenFilter(WebAdminToken token) implements AuthenticationFilter {
        private static final String BEARER = "Bearer ";

        private static final Pattern QUOTED = Pattern.compile("%([0-9A-Fa-f]{2})");
        private static final int DELETE = 127;

        /** As it was sent: routes are found by the same. */
        private static final Pattern OPEN = Pattern.compile("/healthcheck(?:/checks(?:/[^/;]*)?)?/?");

        @Override
        public void handle(Request request, Response response) {
            if (hasControlCharacters(request.uri())) {
                Spark.halt(
                        400,
                        "{\"statusCode\":400,\"type\":\"InvalidArgument\",\"message\":\"a name has no line end\"}");
            }
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

        /** Such as %0A: no account, domain or mail has one in its name, and logs and lists have a line for each. */
        private static boolean hasControlCharacters(String uri) {
            Matcher quoted = QUOTED.matcher(uri);
            while (quoted.find()) {
                int octet = Integer.parseInt(quoted.group(1), 16);
                if (octet < ' ' || octet == DELETE) {
                    return true;
                }
            }
            return false;
        }
    }
}
