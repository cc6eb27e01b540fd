/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.home;

import java.nio.file.Path;

/** The folder of an unpacked server, and where things lie in it. */
public record Home(Path folder) {
    /** The home that the start script named, in the system property {@code working.directory}. */
    public static Home ofProcess() {
        return new Home(Path.of(System.getProperty("working.directory", "."))
                .toAbsolutePath()
                .normalize());
    }

    public Path conf(String file) {
        return folder.resolve("conf").resolve(file);
    }

    public Path var(String file) {
        return folder.resolve("var").resolve(file);
    }

    /** What the process prints when it was started in the background. */
    public Path consoleLog() {
        return var("log/console.log");
    }

    /** What the running server holds a lock on; see {@link ServerLock}. */
    public Path lockFile() {
        return var("rempart.lock");
    }

    /** Holds the process id of the server while it listens, for those who look after processes. */
    public Path pidFile() {
        return var("rempart.pid");
    }

    /** There while the server listens; holds its process id. */
    public Path readyFile() {
        return var("rempart.ready");
    }

    /** Written every few seconds while the server is well. */
    public Path healthyFile() {
        return var("rempart.healthy");
    }

    /** The credential of the administration interface. */
    public Path webAdminToken() {
        return var("webadmin.token");
    }

    /** Where a running server lays the copy that a backup is packed from. */
    public Path backupFolder() {
        return var("backup");
    }

    /** A file of this home as the administrator would name it. */
    public String name(Path file) {
        return folder.relativize(file).toString();
    }
}
