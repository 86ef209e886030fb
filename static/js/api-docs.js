// Swagger UI, bundled with django-ninja. Nothing is loaded from other servers.
const container = document.getElementById("swagger");

SwaggerUIBundle({
  url: container.dataset.address,
  domNode: container,
  presets: [SwaggerUIBundle.presets.apis],
  layout: "BaseLayout",
  validatorUrl: null,
  requestInterceptor(request) {
    if (container.dataset.csrf) request.headers["X-CSRFToken"] = container.dataset.csrf;
    return request;
  },
});
