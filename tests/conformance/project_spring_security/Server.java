package example;

import java.util.List;
import org.springframework.boot.web.client.RestTemplateBuilder;
import org.springframework.http.client.ClientHttpRequestInterceptor;
import org.springframework.security.core.GrantedAuthority;
import org.springframework.security.oauth2.core.OAuth2AuthenticatedPrincipal;
import org.springframework.security.oauth2.server.resource.introspection.BadOpaqueTokenException;
import org.springframework.security.oauth2.server.resource.introspection.OAuth2IntrospectionException;
import org.springframework.security.oauth2.server.resource.introspection.SpringOpaqueTokenIntrospector;
import org.springframework.web.client.RestTemplate;

/** Asks about opaque tokens as a resource server does, and prints what Spring Security makes of the answers: URL, its own token, and the tokens in question. */
public class Server {
    public static void main(String[] arguments) {
        ClientHttpRequestInterceptor own = (request, body, execution) -> {
            request.getHeaders().setBearerAuth(arguments[1]);
            return execution.execute(request, body);
        };
        RestTemplate template = new RestTemplateBuilder().additionalInterceptors(own).build();
        SpringOpaqueTokenIntrospector introspector = new SpringOpaqueTokenIntrospector(arguments[0], template);
        for (String token : List.of(arguments).subList(2, arguments.length)) {
            try {
                OAuth2AuthenticatedPrincipal principal = introspector.introspect(token);
                List<String> authorities = principal.getAuthorities().stream().map(GrantedAuthority::getAuthority).sorted().toList();
                System.out.println("GOOD " + principal.getName() + " " + authorities + " project=" + principal.getAttribute("project") + " env=" + principal.getAttribute("env")
                    + " exp=" + principal.getAttribute("exp") + " plan=" + principal.getAttribute("plan"));
            } catch (BadOpaqueTokenException refused) {
                System.out.println("BAD");
            } catch (OAuth2IntrospectionException failed) {
                System.out.println("FAILED");
            }
        }
    }
}
