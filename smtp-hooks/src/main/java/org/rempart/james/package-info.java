/** How the bundle meets the James that it is dropped into. */
package org.rempart.james;
