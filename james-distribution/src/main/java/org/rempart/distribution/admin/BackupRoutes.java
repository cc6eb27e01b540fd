/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.admin;

import java.io.IOException;
import javax.inject.Inject;
import org.apache.james.webadmin.Routes;
import org.apache.james.webadmin.utils.ErrorResponder;
import org.apache.james.webadmin.utils.ErrorResponder.ErrorType;
import org.apache.james.webadmin.utils.JsonTransformer;
import org.rempart.distribution.backup.Backup;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import spark.HaltException;
import spark.Request;
import spark.Response;
import spark.Service;

/** {@code POST /rempart/backup} copies database and blobs into a folder below {@code var/}, for the command to pack. */
public final class BackupRoutes implements Routes {
    private static final Logger LOGGER = LoggerFactory.getLogger(BackupRoutes.class);
    private static final String PATH = "/rempart/backup";
    private static final int SERVER_ERROR = 500;

    private final Backup backup;
    private final JsonTransformer json;

    /** The answer. */
    public record Answer(String database, long blobs) {}

    @Inject
    public BackupRoutes(Backup backup, JsonTransformer json) {
        this.backup = backup;
        this.json = json;
    }

    @Override
    public String getBasePath() {
        return PATH;
    }

    @Override
    public void define(Service service) {
        service.post(PATH, this::make, json);
    }

    private Answer make(Request request, Response response) {
        Query.of(request);
        try {
            Backup.Copy copy = backup.make();
            return new Answer(copy.database(), copy.blobs());
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            throw failed("the server stops");
        } catch (IOException failure) {
            LOGGER.error("The backup failed", failure);
            throw failed(failure.getMessage());
        }
    }

    private static HaltException failed(String reason) {
        return ErrorResponder.builder()
                .statusCode(SERVER_ERROR)
                .type(ErrorType.SERVER_ERROR)
                .message("%s", "the backup failed: " + reason)
                .haltError();
    }
}
