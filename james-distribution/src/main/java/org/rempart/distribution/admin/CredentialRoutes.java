/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution.admin;

import javax.inject.Inject;
import org.apache.james.webadmin.Routes;
import org.apache.james.webadmin.authentication.AuthenticationFilter;
import spark.Service;

/**
 * Has every path of the administration interface ask for its credential, such as lead nowhere, too. James asks below the
 * paths that each group of routes names as its own, so that a route beside them would be open to everybody.
 */
public final class CredentialRoutes implements Routes {
    private final AuthenticationFilter filter;

    @Inject
    public CredentialRoutes(AuthenticationFilter filter) {
        this.filter = filter;
    }

    @Override
    public String getBasePath() {
        return "/rempart";
    }

    @Override
    public void define(Service service) {
        service.before(filter);
    }
}
