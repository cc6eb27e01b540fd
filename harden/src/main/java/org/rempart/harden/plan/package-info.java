/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
/**
 * What has to become of each of James's files: a class a file, each of which reads it as it is and drafts its edits. {@link
 * org.rempart.harden.plan.Plan} has them all. What is written comes from our own configuration ({@code Pieces}).
 */
package org.rempart.harden.plan;
