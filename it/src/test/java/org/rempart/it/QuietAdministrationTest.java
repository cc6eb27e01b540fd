/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpResponse;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("What the administration interface says of itself")
class QuietAdministrationTest {
    /** Pages of other sites learn nothing, and nobody learns which library answers. */
    @Test
    void theAdministrationInterfaceSaysNothingOfItself() throws Exception {
        try (Variant variant = new Variant("quiet")) {
            variant.start();
            for (String path : List.of("/domains", "/nothing", "/healthcheck", "/domains/%0A")) {
                for (String method : List.of("GET", "OPTIONS")) {
                    HttpResponse<String> answer = variant.administer(method, path, "", "*/*");
                    assertThat(answer.headers().map().keySet())
                            .as(method + " " + path)
                            .noneMatch(name -> name.toLowerCase(Locale.ROOT).startsWith("access-control-"));
                    assertThat(answer.headers().allValues("Server"))
                            .as(method + " " + path)
                            .containsOnly("James");
                    if (method.equals("OPTIONS")) {
                        assertThat(answer.statusCode()).isEqualTo(405);
                    }
                }
            }
        }
    }
}
