/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.server;

import java.util.List;
import java.util.Set;
import javax.inject.Inject;
import org.apache.james.webadmin.mdc.LoggingRequestFilter;
import org.apache.james.webadmin.mdc.RequestLogger;
import spark.Request;
import spark.Response;
import spark.Spark;

/**
 * What answers of the administration interface say besides: to pages of other sites that nothing is for them, and nothing of the
 * library that answers. James lets every site read them, whatever {@code cors.enable} of webadmin.properties says. It stands
 * where James's filter for the log stands, which sees every request, and does its work, too.
 */
final class QuietAnswers extends LoggingRequestFilter {
    private static final List<String> FOR_OTHER_SITES =
            List.of("Access-Control-Allow-Origin", "Access-Control-Request-Method", "Access-Control-Allow-Headers");

    @Inject
    QuietAnswers(Set<RequestLogger> loggers) {
        super(loggers);
    }

    @Override
    public void handle(Request request, Response response) {
        FOR_OTHER_SITES.forEach(name -> response.raw().setHeader(name, null));
        response.raw().setHeader("Server", "James");
        if (request.requestMethod().equals("OPTIONS")) {
            // The question that a browser asks before it sends what a page of another site wants.
            Spark.halt(405, "{\"statusCode\":405,\"type\":\"InvalidArgument\",\"message\":\"no page may ask\"}");
        }
        super.handle(request, response);
    }
}
